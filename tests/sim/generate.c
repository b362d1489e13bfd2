#include "tests/sim/generate.h"
#include "tests/sim/settings.h"

enum {
    FIRST_STAMP = 1704088800, /* 2024-01-01T06:00:00Z */
    FIRST_VERSION = 1000000,
    OLD_CLOSE = 17226, /* 2017-03-01 */
    NEW_CLOSE = 21184, /* 2028-01-01 */
};

void generate_stamps(uint32_t at, struct row *row)
{
    row->modified = FIRST_STAMP + (int64_t)(at / 4) * 20;
    row->created = row->modified - 30 * 86400 - at % 86400;
    row->version = FIRST_VERSION + at;
}

static int pick_stage(uint64_t noise)
{
    uint64_t percent = noise % 100;
    uint64_t lost = (100 - settings.open_share) / 5;

    if (percent < lost)
        return STAGE_LOST;
    if (percent < 100 - settings.open_share)
        return STAGE_WON;
    return noise / 100 % 3 ? STAGE_ENGAGING : STAGE_PROSPECTING;
}

void generate_row(uint32_t at, struct row *row)
{
    uint64_t a = text_mix(settings.seed * 0x10001u + at);
    uint64_t b = text_mix(a);

    *row = (struct row){
        .at = at,
        .account = (int)(a % catalog.naccounts),
        .product = (int)((a >> 12) % catalog.nproducts),
        .agent = (int)((a >> 20) % catalog.nagents),
        .stage = pick_stage(b),
        .currency = a >> 60 > 13 ? (int)(a >> 59 & 1) + 1 : 0,
        .campaign = a >> 56 & 15 ? 0 : 1,
        .has_amount = true,
        .has_close = true,
    };
    generate_stamps(at, row);
    row->amount = catalog.products[row->product].price * 100 * (int64_t)(b >> 40 & 7) +
                  (int64_t)(b >> 20 & 0xfffff) + 100;
    row->share = catalog.products[row->product].series[2] == 'K';
    row->help = row->share ? (unsigned)(b >> 50 & 3) + 1 : 0;
    row->close = OLD_CLOSE + (int64_t)(b >> 33 & 0x7ff);
    if (stages[row->stage].outcome == OPEN) {
        row->close = NEW_CLOSE + (int64_t)(b >> 33 & 0x1ff);
        row->on_hold = (b >> 44 & 31) == 0;
    } else if (stages[row->stage].outcome == LOST) {
        row->loss = (unsigned)(b >> 45) % LOSS_OPTIONS + 1;
    }
}
