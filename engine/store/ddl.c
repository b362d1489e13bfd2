/*
 * The schema explains itself: `echo .schema | sqlite3 FILE` shows these texts with their comments.
 * Times are milliseconds since 1970 UTC. Rows are never taken away, except holds and rejects, which
 * are lists of what waits.
 */
#include "engine/store/sqlite.h"

/* clang-format off */

/* For SQL, where DEALSYNC_NOW means nothing. */
#define NOW "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"

static const char connections[] =
    "CREATE TABLE connections(\n"
    "  -- A configured remote organisation and how far it has been fetched. Written by its runs,\n"
    "  -- under the lock of the connection.\n"
    "  id                 INTEGER PRIMARY KEY,\n"
    "  name               TEXT    NOT NULL UNIQUE,\n"
    "  organisation       TEXT,    -- the remote's own id; NULL: not known yet\n"
    "  fingerprint        TEXT,    -- of object, filter and mapping; NULL: no complete run yet\n"
    "  cursor             TEXT,    -- where the next fetch starts; NULL: at the beginning\n"
    "  resume             TEXT,    -- where an open fetch goes on; NULL: none is open\n"
    "  resume_fingerprint TEXT,    -- what the open fetch runs under\n"
    "  last_success_ms    INTEGER, -- NULL: never\n"
    "  links              INTEGER NOT NULL DEFAULT 0 -- how many there are; kept by runs\n"
    ") STRICT;\n";

static const char runs[] =
    "CREATE TABLE runs(\n"
    "  -- A sync or backfill. Every fetched record has exactly one outcome, so that the seven\n"
    "  -- numbers at the end add up to fetched.\n"
    "  id          INTEGER PRIMARY KEY,\n"
    "  connection  INTEGER NOT NULL REFERENCES connections,\n"
    "  command     TEXT    NOT NULL,\n"
    "  state       TEXT    NOT NULL CONSTRAINT state CHECK (\n"
    "    state IN ('running', 'done', 'failed', 'interrupted', 'guarded')),\n"
    "  message     TEXT,    -- why it did not end as done; NULL: it did, or is running\n"
    "  cost        TEXT,    -- requests and remote budget\n"
    "  fingerprint TEXT,    -- of object, filter and mapping it ran with\n"
    "  pid         INTEGER NOT NULL,\n"
    "  host        TEXT    NOT NULL,\n"
    "  started_ms  INTEGER NOT NULL,\n"
    "  ended_ms    INTEGER, -- NULL: running, or nobody saw it end\n"
    "  fetched     INTEGER NOT NULL DEFAULT 0,\n"
    "  unchanged   INTEGER NOT NULL DEFAULT 0,\n"
    "  created     INTEGER NOT NULL DEFAULT 0,\n"
    "  updated     INTEGER NOT NULL DEFAULT 0,\n"
    "  held        INTEGER NOT NULL DEFAULT 0,\n"
    "  conflict    INTEGER NOT NULL DEFAULT 0,\n"
    "  rejected    INTEGER NOT NULL DEFAULT 0,\n"
    "  ignored     INTEGER NOT NULL DEFAULT 0\n"
    ") STRICT;\n"
    "CREATE INDEX runs_running ON runs(connection) WHERE state = 'running';\n";

/* Words are compared one by one: for IN with more than two, SQLite builds a table at every INSERT. */
static const char deals[] =
    "CREATE TABLE deals(\n"
    "  -- The deals. Written by runs and by anybody with SQL: leave out id, version and times,\n"
    "  -- they are filled in. NULL means empty. A row is never deleted.\n"
    "  id          INTEGER PRIMARY KEY CONSTRAINT id CHECK (id > 0), -- 1, 2, 3 ... without gaps\n"
    "  version     INTEGER NOT NULL DEFAULT 1, -- moves with every change\n"
    "  created_ms  INTEGER NOT NULL DEFAULT (" NOW "),\n"
    "  created_run INTEGER REFERENCES runs,        -- NULL: made by another SQL client\n"
    "  updated_ms  INTEGER NOT NULL DEFAULT (" NOW "),\n"
    "  updated_run INTEGER REFERENCES runs,        -- NULL: last changed by another SQL client\n"
    "  connection  INTEGER REFERENCES connections, -- it came from; NULL: another SQL client\n"
    "  name TEXT NOT NULL,\n"
    "  status TEXT NOT NULL DEFAULT 'accepted' CONSTRAINT status CHECK (\n"
    "    status = 'received' OR status = 'accepted' OR status = 'won' OR status = 'lost' OR\n"
    "    status = 'declined' OR status = 'expired' OR status = 'error'),\n"
    "  stage INTEGER DEFAULT 10 CONSTRAINT stage CHECK (\n"
    "    stage = 10 OR stage = 20 OR stage = 40 OR stage = 60 OR stage = 80 OR stage = 100),\n"
    "  reason TEXT CONSTRAINT reason CHECK (\n"
    "    reason = 'budget' OR reason = 'no_response' OR reason = 'other_vendor' OR\n"
    "    reason = 'requirement_not_met' OR reason = 'not_a_customer' OR\n"
    "    reason = 'timeline_too_short' OR reason = 'abuse_or_spam' OR reason = 'others'),\n"
    "  on_hold TEXT DEFAULT 'no' CONSTRAINT on_hold CHECK (on_hold IN ('yes', 'no')),\n"
    "  value TEXT CONSTRAINT value CHECK ( -- exact decimal, 18 digits and 4 after the point\n"
    "    value GLOB '*[0-9]' AND value NOT GLOB '*[^-.0-9]*' AND value NOT GLOB '?*-*' AND\n"
    "    value NOT GLOB '*.*.*'),\n"
    "  currency TEXT CONSTRAINT currency CHECK (currency GLOB '[A-Z][A-Z][A-Z]'), -- ISO 4217\n"
    "  close_date TEXT CONSTRAINT close_date CHECK ( -- YYYY-MM-DD, on the calendar\n"
    "    close_date IS date(close_date, '+0 days')),\n"
    "  location TEXT,\n"
    "  customer_name TEXT,\n"
    "  customer_duns TEXT,\n"
    "  customer_street TEXT,\n"
    "  customer_city TEXT,\n"
    "  customer_state TEXT,\n"
    "  customer_postal_code TEXT,\n"
    "  customer_country TEXT CONSTRAINT customer_country CHECK ( -- ISO 3166-1\n"
    "    customer_country GLOB '[A-Z][A-Z]'),\n"
    "  contact_first_name TEXT,\n"
    "  contact_last_name TEXT,\n"
    "  contact_email TEXT,\n"
    "  contact_phone TEXT,\n"
    "  consent TEXT DEFAULT 'no' CONSTRAINT consent CHECK (consent IN ('yes', 'no')),\n"
    "  visibility TEXT DEFAULT 'no' CONSTRAINT visibility CHECK (visibility IN ('yes', 'no')),\n"
    "  help TEXT DEFAULT 'none' CONSTRAINT help CHECK (\n"
    "    help = 'none' OR help = 'workload_specific' OR help = 'technical_win' OR\n"
    "    help = 'proof_of_concept' OR help = 'quotes' OR help = 'customer_success' OR\n"
    "    help = 'general'),\n"
    "  assessment TEXT DEFAULT 'no' CONSTRAINT assessment CHECK (assessment IN ('yes', 'no')),\n"
    "  team TEXT CONSTRAINT team CHECK ( -- JSON array of {\"email\", \"name\", \"phone\"}\n"
    "    CASE WHEN json_valid(team) THEN json_type(team) = 'array' ELSE team IS NULL END),\n"
    "  solutions TEXT CONSTRAINT solutions CHECK ( -- JSON array of solution ids\n"
    "    CASE WHEN json_valid(solutions) THEN json_type(solutions) = 'array'\n"
    "    ELSE solutions IS NULL END),\n"
    "  crm_id TEXT,\n"
    "  campaign_id TEXT,\n"
    "  notes TEXT\n"
    ") STRICT;\n"
    "CREATE INDEX deals_crm_id ON deals(crm_id) WHERE crm_id IS NOT NULL;\n";

static const char links[] =
    "CREATE TABLE links(\n"
    "  -- A remote record and the deal it belongs to. Written by runs. With a rowid, because base\n"
    "  -- is long and a tree of long keys would be deep.\n"
    "  id           INTEGER PRIMARY KEY,\n"
    "  connection   INTEGER NOT NULL REFERENCES connections,\n"
    "  remote_id    TEXT    NOT NULL,\n"
    "  deal         INTEGER NOT NULL REFERENCES deals ON DELETE RESTRICT,\n"
    "  version      TEXT,             -- of the record when last merged; NULL: unknown\n"
    "  seen_version INTEGER NOT NULL, -- of the deal when last merged\n"
    "  deleted      INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)), -- 1: gone in the CRM\n"
    "  base         TEXT,             -- JSON object: the values both sides last agreed on\n"
    "  UNIQUE (connection, remote_id)\n"
    ") STRICT;\n"
    "CREATE INDEX links_deal ON links(deal);\n"
    "CREATE TRIGGER links_removed AFTER DELETE ON links BEGIN\n"
    "  UPDATE connections SET links = links - 1 WHERE id = OLD.connection;\n"
    "END;\n";

static const char history[] =
    "CREATE TABLE history(\n"
    "  -- What happened to a deal, in order. Written by runs, and by the trigger deals_edited for\n"
    "  -- everybody else. Never changed afterwards.\n"
    "  id         INTEGER PRIMARY KEY,\n"
    "  deal       INTEGER NOT NULL REFERENCES deals,\n"
    "  run        INTEGER REFERENCES runs,        -- NULL: an edit by another SQL client\n"
    "  connection INTEGER REFERENCES connections, -- whose record caused it; NULL: none\n"
    "  at_ms      INTEGER NOT NULL,\n"
    "  kind       TEXT    NOT NULL CONSTRAINT kind CHECK (\n"
    "    kind = 'created' OR kind = 'updated' OR kind = 'adopted' OR kind = 'held' OR\n"
    "    kind = 'released' OR kind = 'edited'),\n"
    "  source     TEXT, -- who changed it in the CRM; NULL: it does not tell\n"
    "  changes    TEXT  -- JSON array of {\"field\", \"old\", \"new\", \"case\", \"rule\"}\n"
    ") STRICT;\n"
    "CREATE INDEX history_deal ON history(deal);\n";

static const char conflicts[] =
    "CREATE TABLE conflicts(\n"
    "  -- A field that both sides changed, or that a rule forbids to change. Written by runs: one\n"
    "  -- open row for a link and field; closed rows stay.\n"
    "  id          INTEGER PRIMARY KEY,\n"
    "  deal        INTEGER NOT NULL REFERENCES deals,\n"
    "  connection  INTEGER NOT NULL REFERENCES connections,\n"
    "  remote_id   TEXT    NOT NULL,\n"
    "  field       TEXT    NOT NULL,\n"
    "  case_number INTEGER NOT NULL,        -- M-n\n"
    "  rule        INTEGER,                 -- R-n; NULL: none\n"
    "  base        TEXT,\n"
    "  ours        TEXT,\n"
    "  theirs      TEXT,\n"
    "  run         INTEGER REFERENCES runs, -- that last saw other values\n"
    "  at_ms       INTEGER NOT NULL,        -- when it did\n"
    "  closed_run  INTEGER REFERENCES runs, -- NULL: open, or not settled by a run\n"
    "  closed_ms   INTEGER                  -- NULL: open\n"
    ") STRICT;\n"
    "CREATE UNIQUE INDEX conflicts_open ON conflicts(connection, remote_id, field)\n"
    "  WHERE closed_ms IS NULL;\n";

static const char holds[] =
    "CREATE TABLE holds(\n"
    "  -- Changes that must wait until a time. Written by runs, one row for a link; the run that\n"
    "  -- carries them out takes the row away.\n"
    "  id         INTEGER PRIMARY KEY,\n"
    "  deal       INTEGER NOT NULL REFERENCES deals,\n"
    "  connection INTEGER NOT NULL REFERENCES connections,\n"
    "  remote_id  TEXT    NOT NULL,\n"
    "  wanted     TEXT    NOT NULL,        -- JSON object: the values to set\n"
    "  until_ms   INTEGER NOT NULL,\n"
    "  rule       INTEGER,                 -- R-n that makes them wait\n"
    "  run        INTEGER REFERENCES runs, -- that last asked for something else\n"
    "  UNIQUE (connection, remote_id)\n"
    ") STRICT;\n"
    "CREATE INDEX holds_until ON holds(until_ms);\n";

static const char rejects[] =
    "CREATE TABLE rejects(\n"
    "  -- A record that cannot become a deal. Written by runs, gone when the record is right.\n"
    "  id         INTEGER PRIMARY KEY,\n"
    "  connection INTEGER NOT NULL REFERENCES connections,\n"
    "  remote_id  TEXT    NOT NULL,\n"
    "  name       TEXT,                    -- as far as it is known\n"
    "  reasons    TEXT    NOT NULL,        -- JSON array of {\"field\", \"rule\", \"text\"}\n"
    "  run        INTEGER REFERENCES runs, -- that first saw these reasons\n"
    "  at_ms      INTEGER NOT NULL,\n"
    "  UNIQUE (connection, remote_id)\n"
    ") STRICT;\n";

/* --- what keeps other SQL clients honest ---------------------------------------------------- */

#define EACH_FIELD(X) \
    X("name") X("status") X("stage") X("reason") X("on_hold") X("value") X("currency") \
    X("close_date") X("location") X("customer_name") X("customer_duns") X("customer_street") \
    X("customer_city") X("customer_state") X("customer_postal_code") X("customer_country") \
    X("contact_first_name") X("contact_last_name") X("contact_email") X("contact_phone") \
    X("consent") X("visibility") X("help") X("assessment") X("team") X("solutions") \
    X("crm_id") X("campaign_id") X("notes")

#define DIFFERS(field) \
    "    OR OLD." field " IS NOT NEW." field "\n"
#define CHANGE(field) \
    "    UNION ALL SELECT '" field "', CAST(OLD." field " AS TEXT), CAST(NEW." field " AS TEXT)\n" \
    "      WHERE OLD." field " IS NOT NEW." field "\n"

static const char triggers[] =
    "CREATE TRIGGER deals_edited AFTER UPDATE ON deals\n"
    "  -- Runs move the version themselves, so whoever left it alone is somebody else.\n"
    "  WHEN NEW.version = OLD.version AND (0\n"
    EACH_FIELD(DIFFERS)
    "  )\n"
    "BEGIN\n"
    "  UPDATE deals SET version = version + 1, updated_run = NULL,\n"
    "    updated_ms = " NOW "\n"
    "    WHERE id = NEW.id;\n"
    "  INSERT INTO history(deal, at_ms, kind, changes)\n"
    "    SELECT NEW.id, " NOW ", 'edited',\n"
    "      json_group_array(json_object('field', field, 'old', old, 'new', new)) FROM\n"
    "    (SELECT NULL AS field, NULL AS old, NULL AS new WHERE 0\n"
    EACH_FIELD(CHANGE)
    "    );\n"
    "END;\n"
    "CREATE TRIGGER deals_kept BEFORE DELETE ON deals BEGIN\n"
    "  SELECT RAISE(ABORT, 'deals are never deleted: give it an end status instead');\n"
    "END;\n"
    "CREATE TRIGGER deals_identity BEFORE UPDATE OF id, version ON deals\n"
    "  WHEN NEW.id <> OLD.id OR NEW.version < OLD.version\n"
    "BEGIN\n"
    "  SELECT RAISE(ABORT,\n"
    "    'the id of a deal never changes, and its version never goes back');\n"
    "END;\n"
    "CREATE TRIGGER deals_numbered AFTER INSERT ON deals\n"
    "  -- So that the largest id is the number of deals, and guards count right. Runs leave the id\n"
    "  -- out.\n"
    "  WHEN NEW.created_run IS NULL AND NEW.id > 1 AND\n"
    "    NOT EXISTS (SELECT 1 FROM deals WHERE id = NEW.id - 1)\n"
    "BEGIN\n"
    "  SELECT RAISE(ABORT, 'deals are numbered by the store: leave out the id');\n"
    "END;\n";

/* --- views for people ----------------------------------------------------------------------- */

#define ISO(column) "strftime('%Y-%m-%dT%H:%M:%SZ', " column " / 1000, 'unixepoch')"

static const char views[] =
    "CREATE VIEW v_stages(stage, name, assessment_name) AS VALUES\n"
    "  -- The standard ladder (R-66), and the one of solution assessments (R-69).\n"
    "  (10,  'Created',    'Created'),\n"
    "  (20,  'Qualified',  'Secure customer LOE'),\n"
    "  (40,  'Developed',  'Collect data'),\n"
    "  (60,  'Proposed',   'Prepare assessment report'),\n"
    "  (80,  'Negotiated', 'Present to customer'),\n"
    "  (100, 'Won',        'Won');\n"
    "CREATE VIEW v_deals AS\n"
    "  -- The deals in words. What came from a CRM is ours, so at 10 % it is created (R-66); of\n"
    "  -- others the store does not know the direction.\n"
    "  SELECT d.id, d.version, d.name, d.status, d.stage,\n"
    "    CASE WHEN d.stage = 10 AND d.connection IS NULL THEN 'Created or Accepted'\n"
    "         WHEN d.assessment = 'yes' THEN s.assessment_name ELSE s.name END AS stage_name,\n"
    "    CASE WHEN d.assessment = 'yes' THEN 'assessment'\n"
    "         WHEN d.help <> 'none' THEN 'co-sell'\n"
    "         WHEN d.visibility = 'yes' THEN 'partner-led' ELSE 'private' END AS type,\n"
    "    d.on_hold, d.value, d.currency, d.close_date, d.location,\n"
    "    d.customer_name, d.customer_country, d.crm_id, c.name AS origin,\n"
    "    (SELECT group_concat(k.name || ' ' || l.remote_id, ', ')\n"
    "       FROM links l JOIN connections k ON k.id = l.connection\n"
    "       WHERE l.deal = d.id) AS records,\n"
    "    " ISO("d.created_ms") " AS created,\n"
    "    " ISO("d.updated_ms") " AS updated\n"
    "  FROM deals d LEFT JOIN v_stages s ON s.stage = d.stage\n"
    "    LEFT JOIN connections c ON c.id = d.connection;\n"
    "CREATE VIEW v_open_conflicts AS\n"
    "  -- What waits for a decision.\n"
    "  SELECT f.id, c.name AS connection, f.remote_id, f.deal, d.name, f.field,\n"
    "    f.base, f.ours, f.theirs, 'M-' || f.case_number AS \"case\", 'R-' || f.rule AS rule,\n"
    "    f.run, " ISO("f.at_ms") " AS since\n"
    "  FROM conflicts f JOIN connections c ON c.id = f.connection JOIN deals d ON d.id = f.deal\n"
    "  WHERE f.closed_ms IS NULL;\n"
    "CREATE VIEW v_pipeline AS\n"
    "  -- Open deals by stage and currency. Exact: whole units and ten-thousandths are added as\n"
    "  -- integers; then the ten-thousandths are carried, and both parts get the sign of the sum.\n"
    "  WITH\n"
    "  parts AS (\n"
    "    SELECT stage, currency, CAST(value AS INTEGER) AS whole,\n"
    "      CASE WHEN value LIKE '-%' THEN -1 ELSE 1 END * CASE instr(value, '.') WHEN 0 THEN 0\n"
    "        ELSE CAST(substr(substr(value, instr(value, '.') + 1) || '000', 1, 4) AS INTEGER)\n"
    "      END AS fraction\n"
    "    FROM deals WHERE status IN ('received', 'accepted')),\n"
    "  sums AS (\n"
    "    SELECT stage, currency, count(*) AS deals,\n"
    "      sum(whole) + sum(fraction) / 10000 AS whole, sum(fraction) % 10000 AS fraction\n"
    "    FROM parts GROUP BY stage, currency),\n"
    "  carried AS (\n"
    "    SELECT stage, currency, deals,\n"
    "      whole - (whole > 0 AND fraction < 0) + (whole < 0 AND fraction > 0) AS whole,\n"
    "      fraction + 10000 * ((whole > 0 AND fraction < 0) - (whole < 0 AND fraction > 0))\n"
    "        AS fraction\n"
    "    FROM sums)\n"
    "  SELECT p.stage, s.name AS stage_name, p.currency, p.deals,\n"
    "    CASE WHEN p.whole < 0 OR p.fraction < 0 THEN '-' ELSE '' END || abs(p.whole) ||\n"
    "      CASE p.fraction WHEN 0 THEN ''\n"
    "        ELSE rtrim(printf('.%04d', abs(p.fraction)), '0') END AS total\n"
    "  FROM carried p LEFT JOIN v_stages s ON s.stage = p.stage\n"
    "  ORDER BY p.stage, p.currency;\n";

/* clang-format on */

const char *const ds_sql_ddl[DS_SQL_SCHEMA][DS_SQL_PARTS] = {
    {connections, runs, deals, links, history, conflicts, holds, rejects, triggers, views},
};
