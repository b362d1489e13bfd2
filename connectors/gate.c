#include "connectors/gate.h"

void ds_gate_most(struct ds_gate *gate, unsigned most)
{
    bool narrowed = gate->width < gate->most;

    gate->most = most > 0 ? most : 1;
    if (!narrowed || gate->width > gate->most)
        gate->width = gate->most;
}

bool ds_gate_enter(struct ds_gate *gate, int64_t now_ms)
{
    if (now_ms < gate->closed_to || gate->inside >= gate->width)
        return false;
    gate->inside++;
    if (gate->peak < gate->inside)
        gate->peak = gate->inside;
    return true;
}

void ds_gate_leave(struct ds_gate *gate, bool good)
{
    gate->inside--;
    if (!good || gate->width == gate->most || ++gate->good < DS_GATE_GOOD)
        return;
    gate->width++;
    gate->good = 0;
}

void ds_gate_close(struct ds_gate *gate, int64_t now_ms, int64_t ms)
{
    if (now_ms >= gate->closed_to) {
        gate->width = gate->width > 1 ? gate->width / 2 : 1;
        gate->good = 0;
    }
    if (gate->closed_to < now_ms + ms)
        gate->closed_to = now_ms + ms;
}
