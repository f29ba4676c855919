-- A marketplace as tutorcore kept it with schema version 2, made on 2 March 2026 under italki@2018-02 and itutor@2024.
-- It is never changed: what stands here is what users have.
BEGIN TRANSACTION;
CREATE TABLE tutorcore_audit (
    sequence INTEGER PRIMARY KEY,
    cause INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    key TEXT UNIQUE,
    digest TEXT,
    verb TEXT,
    actor TEXT,
    lesson TEXT,
    at INTEGER,
    first_version INTEGER,
    last_version INTEGER,
    refusal TEXT,
    facts TEXT
) STRICT;
INSERT INTO "tutorcore_audit" VALUES(1,1,1772442000000000,'ann pays in','da837853e05ca9189ac3bb41b057c9d62252fc87d7d8846a4ffd16dae9bb5d32','top_up','ann',NULL,1772442000000000,1,0,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(2,2,1772442000000000,'amy pays in','dd78fc9db2eba297a93738bce172cce3f54109c5e0fc111b1e8244425b1f6b90','top_up','amy',NULL,1772442000000000,1,0,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(3,3,1772442000000000,'ask taught','7536033e10d27bcd435f00cb82008baea2762bc03938ddcd14e53e72cc006f2f','request','ann','taught',1772442000000000,1,1,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(4,4,1772445600000000,'tom accepts 1 of taught','d478c9f60f47e376b4cacb5ee0cec9ce0a7e04ace619b85663d8f77f834ece59','accept','tom','taught',1772445600000000,2,2,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(5,5,1772445600000000,'ask delivered','3ccccfd80a604ba62aef1238ae44df23d3fe8041f1515160d270c216cc22a67f','request','ann','delivered',1772445600000000,1,1,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(6,6,1772449200000000,'tom accepts 1 of delivered','f91c79948c05e7823bcffdf1236070c45221060a976750a908a68d89ac54dfbc','accept','tom','delivered',1772449200000000,2,2,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(7,7,1772449200000000,'ask lapsed','3bece760c5c7e6bb06d91414e3c6e9f081a5005e6c77ebc73a2e6f61ef98fe13','request','ann','lapsed',1772449200000000,1,1,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(8,8,1772787600000000,'ask agreed','1c604351f239081b4742ebd61c397b701975de36ce44d2d6dd9f5ff89d7be540','request','ann','agreed',1772787600000000,1,1,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(9,9,1772791200000000,'tom wants more','71f921fefbf811e1e02b3ba5d7cb0dfb31c3fc9fca82d554ad1582c4a65a1b6a','propose','tom','agreed',1772791200000000,2,2,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(10,10,1772794800000000,'ann accepts 2 of agreed','9dd00121457d7415dff27df10d006e1de79c0f6b52f9968e01a7c09425dba333','accept','ann','agreed',1772794800000000,3,3,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(11,11,1772794800000000,'ask changing','76275de077cd9faab0514af3895f60e6193e4e1c43433d088a70a350e4a5c92b','request','ann','changing',1772787600000000,1,1,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(12,12,1772794800000000,'tim accepts 1 of changing','fed8595a09ce88ac6eac37fe6e931794c2164fd300c3774286c206522413346e','accept','tim','changing',1772791200000000,2,2,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(13,13,1772794800000000,'ask refused','129e25df8d43508888fe7afc82762bf9338520f9623b331311c2f385880325b2','request','ann','refused',1772787600000000,1,1,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(14,14,1772794800000000,'tom declines','bf9736650313de505e28615aa6fe088974710d47b0c2fe9e80162d1975c948bc','decline','tom','refused',1772791200000000,2,2,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(15,15,1772881200000000,'ask asked','f191d47d37ca822465f771df4c013728bcea442d40e210747ad7dbc5c25b60bb','request','ann','asked',1772881200000000,1,1,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(16,16,1772881200000000,'ann moves','e3438a4e72155615ab6d4dedbdd7034eb261ed50b551ce6ef70666b69f05a977','propose','ann','changing',1772881200000000,3,3,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(17,17,1772881200000000,'ask online','128fa3d1fb79dbc4463fc398654831331bacfea8248c2c3638a305ac0556659c','request','amy','online',1772874000000000,1,1,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(18,18,1772881200000000,'tom accepts 1 of online','9d3efb5cfe3f7d0622581933bd4acc7400c938981e23330be1dc037cc43b7b80','accept','tom','online',1772877600000000,2,2,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(19,19,1772881200000000,'a meeting','4dc2d7e97f0ce82b3daf8deebdb363a8456c8880d00f5649fb727999759dda29','meeting_ready','robot','online',1772881200000000,3,3,NULL,NULL);
INSERT INTO "tutorcore_audit" VALUES(20,20,1772884800000000,'not ann''s','524f4c3dbaf2b55dd2be2cce281973044dbbae44bdb553391607ba6bc08ba343','accept','ann','asked',1772884800000000,2,1,'not_yours','{"actor":"ann","by":"tutor","verb":"accept"}');
CREATE TABLE tutorcore_balances (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    balance INTEGER NOT NULL CHECK (balance >= 0),
    PRIMARY KEY (account, currency)
) STRICT, WITHOUT ROWID;
INSERT INTO "tutorcore_balances" VALUES('Liabilities:Escrow:Agreed:Cash','ITC',300);
INSERT INTO "tutorcore_balances" VALUES('Liabilities:Escrow:Asked:Cash','ITC',250);
INSERT INTO "tutorcore_balances" VALUES('Liabilities:Escrow:Changing:Cash','ITC',250);
INSERT INTO "tutorcore_balances" VALUES('Liabilities:Escrow:Delivered:Cash','ITC',250);
INSERT INTO "tutorcore_balances" VALUES('Liabilities:Escrow:Lapsed:Cash','ITC',0);
INSERT INTO "tutorcore_balances" VALUES('Liabilities:Escrow:Online:Cash','TTD',10000);
INSERT INTO "tutorcore_balances" VALUES('Liabilities:Escrow:Refused:Cash','ITC',0);
INSERT INTO "tutorcore_balances" VALUES('Liabilities:Escrow:Taught:Cash','ITC',0);
INSERT INTO "tutorcore_balances" VALUES('Liabilities:Students:Amy:Wallet','TTD',40000);
INSERT INTO "tutorcore_balances" VALUES('Liabilities:Students:Ann:Wallet','ITC',700);
INSERT INTO "tutorcore_balances" VALUES('Liabilities:Tutors:Tom:Available','ITC',212);
INSERT INTO "tutorcore_balances" VALUES('Liabilities:Tutors:Tom:Pending','ITC',0);
CREATE TABLE tutorcore_claims (
    party TEXT NOT NULL,
    starts INTEGER NOT NULL,
    lesson TEXT NOT NULL,
    proposal INTEGER NOT NULL,
    ends INTEGER NOT NULL CHECK (ends > starts AND ends - starts <= 604800000000),
    slot TEXT NOT NULL CHECK (slot IN ('tentative', 'firm')),
    PRIMARY KEY (party, starts, lesson, proposal)
) STRICT, WITHOUT ROWID;
INSERT INTO "tutorcore_claims" VALUES('amy',1773046800000000,'online',1,1773050400000000,'firm');
INSERT INTO "tutorcore_claims" VALUES('ann',1772614800000000,'taught',1,1772618400000000,'firm');
INSERT INTO "tutorcore_claims" VALUES('ann',1772874000000000,'delivered',1,1772877600000000,'firm');
INSERT INTO "tutorcore_claims" VALUES('ann',1773306000000000,'agreed',2,1773309600000000,'firm');
INSERT INTO "tutorcore_claims" VALUES('ann',1773478800000000,'changing',1,1773482400000000,'firm');
INSERT INTO "tutorcore_claims" VALUES('ann',1773565200000000,'changing',2,1773568800000000,'tentative');
INSERT INTO "tutorcore_claims" VALUES('ann',1773651600000000,'asked',1,1773655200000000,'tentative');
INSERT INTO "tutorcore_claims" VALUES('tim',1773478800000000,'changing',1,1773482400000000,'firm');
INSERT INTO "tutorcore_claims" VALUES('tim',1773565200000000,'changing',2,1773568800000000,'tentative');
INSERT INTO "tutorcore_claims" VALUES('tom',1772614800000000,'taught',1,1772618400000000,'firm');
INSERT INTO "tutorcore_claims" VALUES('tom',1772874000000000,'delivered',1,1772877600000000,'firm');
INSERT INTO "tutorcore_claims" VALUES('tom',1773046800000000,'online',1,1773050400000000,'firm');
INSERT INTO "tutorcore_claims" VALUES('tom',1773306000000000,'agreed',2,1773309600000000,'firm');
INSERT INTO "tutorcore_claims" VALUES('tom',1773651600000000,'asked',1,1773655200000000,'tentative');
CREATE TABLE tutorcore_clearings (
    lesson TEXT NOT NULL,
    number INTEGER NOT NULL,
    tutor TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (lesson, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE tutorcore_entries (
    number INTEGER PRIMARY KEY,
    cause INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    currency TEXT NOT NULL,
    effective_at INTEGER NOT NULL,
    ref TEXT NOT NULL,
    source TEXT NOT NULL,
    corrects INTEGER REFERENCES tutorcore_entries (number)
) STRICT;
INSERT INTO "tutorcore_entries" VALUES(1,1,1772442000000000,'top_up','USD',1772442000000000,'ann pays in','payment received, converted',NULL);
INSERT INTO "tutorcore_entries" VALUES(2,1,1772442000000000,'top_up','ITC',1772442000000000,'ann pays in','payment received, converted',NULL);
INSERT INTO "tutorcore_entries" VALUES(3,2,1772442000000000,'top_up','TTD',1772442000000000,'amy pays in','payment received',NULL);
INSERT INTO "tutorcore_entries" VALUES(4,3,1772442000000000,'hold','ITC',1772442000000000,'taught','.on.request.0.0',NULL);
INSERT INTO "tutorcore_entries" VALUES(5,5,1772445600000000,'hold','ITC',1772445600000000,'delivered','.on.request.0.0',NULL);
INSERT INTO "tutorcore_entries" VALUES(6,7,1772449200000000,'hold','ITC',1772449200000000,'lapsed','.on.request.0.0',NULL);
INSERT INTO "tutorcore_entries" VALUES(7,8,1772787600000000,'expire','ITC',1772622000000000,'lapsed','requested.timeout.0.0',NULL);
INSERT INTO "tutorcore_entries" VALUES(8,8,1772787600000000,'hold','ITC',1772787600000000,'agreed','.on.request.0.0',NULL);
INSERT INTO "tutorcore_entries" VALUES(9,10,1772794800000000,'hold','ITC',1772794800000000,'agreed','proposed.on.accept.0.0',NULL);
INSERT INTO "tutorcore_entries" VALUES(10,11,1772794800000000,'hold','ITC',1772787600000000,'changing','.on.request.0.0',NULL);
INSERT INTO "tutorcore_entries" VALUES(11,13,1772794800000000,'hold','ITC',1772787600000000,'refused','.on.request.0.0',NULL);
INSERT INTO "tutorcore_entries" VALUES(12,14,1772794800000000,'void','ITC',1772791200000000,'refused','requested.on.decline.0.0',NULL);
INSERT INTO "tutorcore_entries" VALUES(13,15,1772881200000000,'post','ITC',1772877600000000,'taught','delivered.timeout.0.0',NULL);
INSERT INTO "tutorcore_entries" VALUES(14,15,1772881200000000,'clear','ITC',1772877600000000,'taught','payout.clears_after',NULL);
INSERT INTO "tutorcore_entries" VALUES(15,15,1772881200000000,'hold','ITC',1772881200000000,'asked','.on.request.0.0',NULL);
INSERT INTO "tutorcore_entries" VALUES(16,17,1772881200000000,'hold','TTD',1772874000000000,'online','.on.request.0.0',NULL);
CREATE TABLE tutorcore_legs (
    entry INTEGER NOT NULL REFERENCES tutorcore_entries (number),
    position INTEGER NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (entry, position)
) STRICT, WITHOUT ROWID;
INSERT INTO "tutorcore_legs" VALUES(3,0,'Assets:Bank','TTD',50000);
INSERT INTO "tutorcore_legs" VALUES(1,0,'Assets:Bank','USD',2000);
INSERT INTO "tutorcore_legs" VALUES(2,0,'Equity:Conversion','ITC',2000);
INSERT INTO "tutorcore_legs" VALUES(1,1,'Equity:Conversion','USD',-2000);
INSERT INTO "tutorcore_legs" VALUES(13,2,'Income:Fees:Commission','ITC',-38);
INSERT INTO "tutorcore_legs" VALUES(8,1,'Liabilities:Escrow:Agreed:Cash','ITC',-250);
INSERT INTO "tutorcore_legs" VALUES(9,1,'Liabilities:Escrow:Agreed:Cash','ITC',-50);
INSERT INTO "tutorcore_legs" VALUES(15,1,'Liabilities:Escrow:Asked:Cash','ITC',-250);
INSERT INTO "tutorcore_legs" VALUES(10,1,'Liabilities:Escrow:Changing:Cash','ITC',-250);
INSERT INTO "tutorcore_legs" VALUES(5,1,'Liabilities:Escrow:Delivered:Cash','ITC',-250);
INSERT INTO "tutorcore_legs" VALUES(6,1,'Liabilities:Escrow:Lapsed:Cash','ITC',-250);
INSERT INTO "tutorcore_legs" VALUES(7,0,'Liabilities:Escrow:Lapsed:Cash','ITC',250);
INSERT INTO "tutorcore_legs" VALUES(16,1,'Liabilities:Escrow:Online:Cash','TTD',-10000);
INSERT INTO "tutorcore_legs" VALUES(11,1,'Liabilities:Escrow:Refused:Cash','ITC',-250);
INSERT INTO "tutorcore_legs" VALUES(12,0,'Liabilities:Escrow:Refused:Cash','ITC',250);
INSERT INTO "tutorcore_legs" VALUES(4,1,'Liabilities:Escrow:Taught:Cash','ITC',-250);
INSERT INTO "tutorcore_legs" VALUES(13,0,'Liabilities:Escrow:Taught:Cash','ITC',250);
INSERT INTO "tutorcore_legs" VALUES(3,1,'Liabilities:Students:Amy:Wallet','TTD',-50000);
INSERT INTO "tutorcore_legs" VALUES(16,0,'Liabilities:Students:Amy:Wallet','TTD',10000);
INSERT INTO "tutorcore_legs" VALUES(2,1,'Liabilities:Students:Ann:Wallet','ITC',-2000);
INSERT INTO "tutorcore_legs" VALUES(7,1,'Liabilities:Students:Ann:Wallet','ITC',-250);
INSERT INTO "tutorcore_legs" VALUES(12,1,'Liabilities:Students:Ann:Wallet','ITC',-250);
INSERT INTO "tutorcore_legs" VALUES(9,0,'Liabilities:Students:Ann:Wallet','ITC',50);
INSERT INTO "tutorcore_legs" VALUES(4,0,'Liabilities:Students:Ann:Wallet','ITC',250);
INSERT INTO "tutorcore_legs" VALUES(5,0,'Liabilities:Students:Ann:Wallet','ITC',250);
INSERT INTO "tutorcore_legs" VALUES(6,0,'Liabilities:Students:Ann:Wallet','ITC',250);
INSERT INTO "tutorcore_legs" VALUES(8,0,'Liabilities:Students:Ann:Wallet','ITC',250);
INSERT INTO "tutorcore_legs" VALUES(10,0,'Liabilities:Students:Ann:Wallet','ITC',250);
INSERT INTO "tutorcore_legs" VALUES(11,0,'Liabilities:Students:Ann:Wallet','ITC',250);
INSERT INTO "tutorcore_legs" VALUES(15,0,'Liabilities:Students:Ann:Wallet','ITC',250);
INSERT INTO "tutorcore_legs" VALUES(14,1,'Liabilities:Tutors:Tom:Available','ITC',-212);
INSERT INTO "tutorcore_legs" VALUES(13,1,'Liabilities:Tutors:Tom:Pending','ITC',-212);
INSERT INTO "tutorcore_legs" VALUES(14,0,'Liabilities:Tutors:Tom:Pending','ITC',212);
CREATE TABLE tutorcore_lessons (
    id TEXT PRIMARY KEY,
    policy TEXT NOT NULL REFERENCES tutorcore_policies (hash),
    zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    created INTEGER NOT NULL,
    tutor TEXT NOT NULL,
    student TEXT NOT NULL,
    payer TEXT NOT NULL,
    requester TEXT NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    is_over INTEGER NOT NULL CHECK (is_over IN (0, 1)),
    starts INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    due INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO "tutorcore_lessons" VALUES('agreed','08efe76bff497eb1186e61d0c6e69fbd55381e7adfc1424f820f4be92e165326','Europe/Berlin','ITC',1772787600000000,'tom','ann','ann','ann',3,'agreed',0,1773306000000000,1773309600000000,1773306000000000);
INSERT INTO "tutorcore_lessons" VALUES('asked','08efe76bff497eb1186e61d0c6e69fbd55381e7adfc1424f820f4be92e165326','Europe/Berlin','ITC',1772881200000000,'tom','ann','ann','ann',1,'requested',0,1773651600000000,1773655200000000,1773054000000000);
INSERT INTO "tutorcore_lessons" VALUES('changing','08efe76bff497eb1186e61d0c6e69fbd55381e7adfc1424f820f4be92e165326','Europe/Berlin','ITC',1772787600000000,'tim','ann','ann','ann',3,'agreed',0,1773478800000000,1773482400000000,1773054000000000);
INSERT INTO "tutorcore_lessons" VALUES('delivered','08efe76bff497eb1186e61d0c6e69fbd55381e7adfc1424f820f4be92e165326','Europe/Berlin','ITC',1772445600000000,'tom','ann','ann','ann',4,'delivered',0,1772874000000000,1772877600000000,1773136800000000);
INSERT INTO "tutorcore_lessons" VALUES('lapsed','08efe76bff497eb1186e61d0c6e69fbd55381e7adfc1424f820f4be92e165326','Europe/Berlin','ITC',1772449200000000,'tom','ann','ann','ann',2,'expired',1,1774170000000000,1774173600000000,NULL);
INSERT INTO "tutorcore_lessons" VALUES('online','cee1000cb3d54f9a06232a7abc4e2f036faf6798b9513ff5cc880f31bc4cc799','Europe/Berlin','TTD',1772874000000000,'tom','amy','amy','amy',3,'agreed',0,1773046800000000,1773050400000000,1773046800000000);
INSERT INTO "tutorcore_lessons" VALUES('refused','08efe76bff497eb1186e61d0c6e69fbd55381e7adfc1424f820f4be92e165326','Europe/Berlin','ITC',1772787600000000,'tom','ann','ann','ann',2,'declined',1,1773565200000000,1773568800000000,NULL);
INSERT INTO "tutorcore_lessons" VALUES('taught','08efe76bff497eb1186e61d0c6e69fbd55381e7adfc1424f820f4be92e165326','Europe/Berlin','ITC',1772442000000000,'tom','ann','ann','ann',5,'completed',1,1772614800000000,1772618400000000,NULL);
CREATE TABLE tutorcore_marks (
    party TEXT NOT NULL,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    lesson TEXT NOT NULL,
    number INTEGER NOT NULL, amount INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (party, name, at, lesson, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "tutorcore_marks" VALUES('ann','taught',1772877600000000,'taught',5,3600000000);
INSERT INTO "tutorcore_marks" VALUES('tom','missed_request',1772622000000000,'lapsed',2,1);
INSERT INTO "tutorcore_marks" VALUES('tom','taught',1772877600000000,'taught',5,3600000000);
CREATE TABLE tutorcore_outbox (
    sequence INTEGER PRIMARY KEY,
    cause INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    lesson TEXT NOT NULL,
    number INTEGER NOT NULL,
    audience TEXT NOT NULL
, kind TEXT NOT NULL DEFAULT 'told', at INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, retry_at INTEGER, done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1))) STRICT;
INSERT INTO "tutorcore_outbox" VALUES(1,3,1772442000000000,'taught',1,'["tom"]','told',1772442000000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(2,4,1772445600000000,'taught',2,'["ann"]','told',1772445600000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(3,4,1772445600000000,'taught',2,'[]','meeting_wanted',1772445600000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(4,5,1772445600000000,'delivered',1,'["tom"]','told',1772445600000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(5,6,1772449200000000,'delivered',2,'["ann"]','told',1772449200000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(6,6,1772449200000000,'delivered',2,'[]','meeting_wanted',1772449200000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(7,7,1772449200000000,'lapsed',1,'["tom"]','told',1772449200000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(8,8,1772787600000000,'taught',3,'["ann","tom"]','told',1772614800000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(9,8,1772787600000000,'taught',4,'["ann","tom"]','told',1772618400000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(10,8,1772787600000000,'lapsed',2,'["ann","tom"]','told',1772622000000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(11,8,1772787600000000,'agreed',1,'["tom"]','told',1772787600000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(12,9,1772791200000000,'agreed',2,'["ann"]','told',1772791200000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(13,10,1772794800000000,'agreed',3,'["tom"]','told',1772794800000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(14,10,1772794800000000,'agreed',3,'[]','meeting_wanted',1772794800000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(15,11,1772794800000000,'changing',1,'["tim"]','told',1772787600000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(16,12,1772794800000000,'changing',2,'["ann"]','told',1772791200000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(17,12,1772794800000000,'changing',2,'[]','meeting_wanted',1772791200000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(18,13,1772794800000000,'refused',1,'["tom"]','told',1772787600000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(19,14,1772794800000000,'refused',2,'["ann"]','told',1772791200000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(20,15,1772881200000000,'delivered',3,'["ann","tom"]','told',1772874000000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(21,15,1772881200000000,'delivered',4,'["ann","tom"]','told',1772877600000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(22,15,1772881200000000,'taught',5,'["ann","tom"]','told',1772877600000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(23,15,1772881200000000,'asked',1,'["tom"]','told',1772881200000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(24,16,1772881200000000,'changing',3,'["tim"]','told',1772881200000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(25,17,1772881200000000,'online',1,'["tom"]','told',1772874000000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(26,18,1772881200000000,'online',2,'["amy"]','told',1772877600000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(27,18,1772881200000000,'online',2,'[]','meeting_wanted',1772877600000000,0,NULL,0);
INSERT INTO "tutorcore_outbox" VALUES(28,19,1772881200000000,'online',3,'["amy","tom"]','told',1772881200000000,0,NULL,0);
CREATE TABLE tutorcore_parties (
    id TEXT PRIMARY KEY,
    zone TEXT NOT NULL,
    grants TEXT NOT NULL
, permissions TEXT NOT NULL DEFAULT '[]') STRICT, WITHOUT ROWID;
INSERT INTO "tutorcore_parties" VALUES('amy','UTC','[]','[]');
INSERT INTO "tutorcore_parties" VALUES('ann','America/New_York','[]','[]');
INSERT INTO "tutorcore_parties" VALUES('olga','Asia/Tokyo','["operator"]','[]');
INSERT INTO "tutorcore_parties" VALUES('robot','UTC','["system"]','[]');
INSERT INTO "tutorcore_parties" VALUES('tim','Europe/Berlin','[]','[]');
INSERT INTO "tutorcore_parties" VALUES('tom','Europe/Berlin','[]','["meeting_provider"]');
CREATE TABLE tutorcore_policies (
    hash TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    process TEXT NOT NULL
) STRICT;
INSERT INTO "tutorcore_policies" VALUES('08efe76bff497eb1186e61d0c6e69fbd55381e7adfc1424f820f4be92e165326','italki@2018-02','schema = 1
id = "italki"
version = "2018-02"
extends = "process/1"
zone = "tutor"
currency = "ITC"

[unit]
decimals = 1
peg = "10 ITC = 1 USD"

[fees]
commission = "15%"
rounding = "half_even"

[payout]
clears_after = "0s"

[opening]
verb = "request"
by = ["student"]
to = "requested"
terms = "propose"
hold = "cover"
bookable = true

[state.requested]
waits_for = "tutor"
slot = "tentative"

[[state.requested.on.accept]]
by = ["tutor"]
to = "agreed"
terms = "accept"
hold = "exact"

[[state.requested.on.decline]]
by = ["tutor"]
to = "declined"
settle = { student = "rest" }

[[state.requested.on.propose]]
by = ["tutor"]
to = "proposed"
terms = "propose"

[[state.requested.on.withdraw]]
by = ["student"]
to = "withdrawn"
settle = { student = "rest" }

[[state.requested.timeout]]
at = "earliest(asked + 48h, lesson.start)"
to = "expired"
fault = "holder"
settle = { student = "rest" }
mark = "missed_request"

[state.proposed]
waits_for = "student"
slot = "tentative"

[[state.proposed.on.accept]]
by = ["student"]
to = "agreed"
terms = "accept"
hold = "exact"

[[state.proposed.on.decline]]
by = ["student"]
to = "declined"
settle = { student = "rest" }

[[state.proposed.on.withdraw]]
by = ["student"]
to = "withdrawn"
settle = { student = "rest" }

[[state.proposed.timeout]]
at = "earliest(asked + 48h, lesson.start)"
to = "expired"
fault = "holder"
settle = { student = "rest" }

[state.agreed]
slot = "firm"
agreed = true
meeting = true

[[state.agreed.on.propose]]
by = ["student"]
to = "change_by_student"
terms = "propose"
may_change = ["start", "duration"]
hold = "cover"
bookable = true

[[state.agreed.on.propose]]
by = ["tutor"]
to = "change_by_tutor"
terms = "propose"
may_change = ["start", "duration"]

[[state.agreed.on.reschedule]]
by = ["operator"]
to = "agreed"
needs = ["reason"]
terms = "propose"
may_change = ["start", "duration"]
hold = "exact"

[[state.agreed.on.cancel]]
by = ["student", "tutor"]
to = "cancelled"
when = "notice > 24h"
settle = { student = "100%" }

[[state.agreed.on.cancel]]
by = ["operator"]
to = "cancelled"
needs = ["reason"]
settle = { student = "100%" }

[[state.agreed.on.meeting_ready]]
by = ["system"]
to = "stay"
needs = ["details"]
records = "meeting"

[[state.agreed.on.meeting_failed]]
by = ["system"]
to = "stay"
needs = ["reason"]

[[state.agreed.timeout]]
at = "lesson.start"
to = "in_progress"

[state.change_by_student]
waits_for = "tutor"
slot = "tentative"
beside = true

[[state.change_by_student.on.accept]]
by = ["tutor"]
to = "back"
terms = "accept"
hold = "exact"

[[state.change_by_student.on.decline]]
by = ["tutor"]
to = "back"

[[state.change_by_student.on.withdraw]]
by = ["student"]
to = "back"

[[state.change_by_student.timeout]]
at = "earliest(asked + 48h, lesson.start, proposed.start)"
to = "back"
fault = "holder"

[state.change_by_tutor]
waits_for = "student"
slot = "tentative"
beside = true

[[state.change_by_tutor.on.accept]]
by = ["student"]
to = "back"
terms = "accept"
hold = "exact"

[[state.change_by_tutor.on.decline]]
by = ["student"]
to = "back"

[[state.change_by_tutor.on.withdraw]]
by = ["tutor"]
to = "back"

[[state.change_by_tutor.timeout]]
at = "earliest(asked + 48h, lesson.start, proposed.start)"
to = "back"
fault = "holder"

[state.in_progress]
slot = "firm"
agreed = true
meeting = true

[[state.in_progress.on.join]]
by = ["student", "tutor", "system"]
to = "stay"
records = "joined"

[[state.in_progress.on.leave]]
by = ["student", "tutor", "system"]
to = "stay"
records = "left"

[[state.in_progress.on.meeting_ready]]
by = ["system"]
to = "stay"
needs = ["details"]
records = "meeting"

[[state.in_progress.on.meeting_failed]]
by = ["system"]
to = "stay"

[[state.in_progress.timeout]]
at = "lesson.end"
to = "delivered"

[state.delivered]
waits_for = "student"
slot = "firm"

[[state.delivered.on.confirm]]
by = ["student"]
to = "completed"
settle = { tutor = "rest" }

[[state.delivered.on.join]]
by = ["system"]
to = "stay"
records = "joined"

[[state.delivered.on.leave]]
by = ["system"]
to = "stay"
records = "left"

[[state.delivered.timeout]]
at = "lesson.end + 3d"
to = "completed"
settle = { tutor = "rest" }

[state.completed]
slot = "firm"
over = true
taught = true

[[state.completed.on.review]]
by = ["student"]
to = "stay"
when = "not (reviewed(student) <= now)"
records = "reviewed"

[[state.completed.on.review]]
by = ["tutor"]
to = "stay"
when = "not (reviewed(tutor) <= now)"
records = "reviewed"

[state.declined]
over = true

[state.expired]
over = true

[state.withdrawn]
over = true

[state.cancelled]
over = true
');
INSERT INTO "tutorcore_policies" VALUES('cee1000cb3d54f9a06232a7abc4e2f036faf6798b9513ff5cc880f31bc4cc799','itutor@2024','schema = 1
id = "itutor"
version = "2024"
extends = "process/1"
zone = "tutor"
currency = "TTD"

[unit]
decimals = 2

[fees]
rates = [{ below = "100.00", rate = "10%" }, { below = "200.00", rate = "15%" }, { rate = "20%" }]
slab_on = "share"
rounding = "half_even"

[payout]
clears_after = "0s"

[opening]
verb = "request"
by = ["student"]
to = "requested"
terms = "propose"
hold = "cover"
bookable = true

[state.requested]
waits_for = "tutor"
slot = "tentative"

[[state.requested.on.accept]]
by = ["tutor"]
to = "agreed"
when = "has(tutor, meeting_provider)"
terms = "accept"
hold = "exact"

[[state.requested.on.decline]]
by = ["tutor"]
to = "declined"
settle = { student = "rest" }

[[state.requested.on.propose]]
by = ["tutor"]
to = "proposed"
terms = "propose"
may_change = ["start", "duration"]

[[state.requested.on.withdraw]]
by = ["student"]
to = "withdrawn"
settle = { student = "rest" }

[[state.requested.timeout]]
at = "lesson.start"
to = "expired"
fault = "holder"
settle = { student = "rest" }

[state.proposed]
waits_for = "student"
slot = "tentative"

[[state.proposed.on.accept]]
by = ["student"]
to = "agreed"
when = "has(tutor, meeting_provider)"
terms = "accept"
hold = "exact"

[[state.proposed.on.decline]]
by = ["student"]
to = "declined"
settle = { student = "rest" }

[[state.proposed.on.propose]]
by = ["student"]
to = "requested"
terms = "propose"
may_change = ["start", "duration"]
hold = "cover"
bookable = true

[[state.proposed.on.withdraw]]
by = ["student"]
to = "withdrawn"
settle = { student = "rest" }

[[state.proposed.timeout]]
at = "lesson.start"
to = "expired"
fault = "holder"
settle = { student = "rest" }

[state.agreed]
slot = "firm"
agreed = true
meeting = true

[[state.agreed.on.cancel]]
by = ["student", "tutor"]
to = "cancelled"
when = "notice >= 24h"
settle = { student = "100%" }

[[state.agreed.on.cancel]]
by = ["tutor"]
to = "cancelled"
settle = { student = "100%" }
mark = "late_cancel"
fault = "tutor"

[[state.agreed.on.cancel]]
by = ["student"]
to = "cancelled"
settle = { tutor = "rest" }

[[state.agreed.on.join]]
by = ["student", "tutor", "system"]
to = "stay"
when = "now >= lesson.start - 10m"
records = "joined"

[[state.agreed.on.leave]]
by = ["student", "tutor", "system"]
to = "stay"
when = "now >= lesson.start - 10m"
records = "left"

[[state.agreed.on.meeting_ready]]
by = ["system"]
to = "stay"
needs = ["details"]
records = "meeting"

[[state.agreed.on.meeting_failed]]
by = ["system"]
to = "stay"
needs = ["reason"]

[[state.agreed.timeout]]
at = "lesson.start"
to = "in_progress"

[state.in_progress]
slot = "firm"
agreed = true
meeting = true

[[state.in_progress.reminder]]
at = "lesson.end - 5m"
to = ["tutor"]

[[state.in_progress.on.claim_no_show]]
by = ["tutor"]
to = "student_no_show_claimed"
when = "now >= lesson.start + 1/3 lesson and joined(tutor) <= lesson.start + 5m and not (joined(student) < lesson.start + 1/3 lesson)"
until = "lesson.end"

[[state.in_progress.on.claim_no_show]]
by = ["tutor"]
to = "disputed"
when = "now >= lesson.start + 1/3 lesson and joined(tutor) <= lesson.start + 5m and joined(student) < lesson.start + 1/3 lesson"
until = "lesson.end"

[[state.in_progress.on.claim_no_show]]
by = ["student"]
to = "tutor_no_show_claimed"
when = "now >= lesson.start + 1/3 lesson and not (joined(tutor) < lesson.start + 1/3 lesson)"
until = "lesson.end"

[[state.in_progress.on.claim_no_show]]
by = ["student"]
to = "disputed"
when = "now >= lesson.start + 1/3 lesson and joined(tutor) < lesson.start + 1/3 lesson"
until = "lesson.end"

[[state.in_progress.on.join]]
by = ["student", "tutor", "system"]
to = "stay"
records = "joined"

[[state.in_progress.on.leave]]
by = ["student", "tutor", "system"]
to = "stay"
records = "left"

[[state.in_progress.on.meeting_ready]]
by = ["system"]
to = "stay"
needs = ["details"]
records = "meeting"

[[state.in_progress.on.meeting_failed]]
by = ["system"]
to = "stay"

[[state.in_progress.timeout]]
at = "lesson.end"
to = "completed"
settle = { tutor = "rest" }

[state.student_no_show_claimed]
waits_for = "student"
slot = "firm"
meeting = true

[[state.student_no_show_claimed.on.contest]]
by = ["student"]
to = "disputed"

[[state.student_no_show_claimed.on.claim_no_show]]
by = ["student"]
to = "disputed"

[[state.student_no_show_claimed.on.join]]
by = ["student", "tutor", "system"]
to = "stay"
records = "joined"

[[state.student_no_show_claimed.on.leave]]
by = ["student", "tutor", "system"]
to = "stay"
records = "left"

[[state.student_no_show_claimed.on.meeting_ready]]
by = ["system"]
to = "stay"
needs = ["details"]
records = "meeting"

[[state.student_no_show_claimed.on.meeting_failed]]
by = ["system"]
to = "stay"

[[state.student_no_show_claimed.timeout]]
at = "asked + 24h"
to = "student_no_show"
cases = [
  { settle = { tutor = "50%", student = "rest" }, fault = "student" },
]

[[state.student_no_show_claimed.timeout]]
at = "if(joined(student) < lesson.start + 1/3 lesson, did(join), asked + 24h)"
to = "disputed"
if_past = "fire"

[state.tutor_no_show_claimed]
waits_for = "tutor"
slot = "firm"
meeting = true

[[state.tutor_no_show_claimed.on.contest]]
by = ["tutor"]
to = "disputed"

[[state.tutor_no_show_claimed.on.claim_no_show]]
by = ["tutor"]
to = "disputed"

[[state.tutor_no_show_claimed.on.join]]
by = ["student", "tutor", "system"]
to = "stay"
records = "joined"

[[state.tutor_no_show_claimed.on.leave]]
by = ["student", "tutor", "system"]
to = "stay"
records = "left"

[[state.tutor_no_show_claimed.on.meeting_ready]]
by = ["system"]
to = "stay"
needs = ["details"]
records = "meeting"

[[state.tutor_no_show_claimed.on.meeting_failed]]
by = ["system"]
to = "stay"

[[state.tutor_no_show_claimed.timeout]]
at = "asked + 24h"
to = "tutor_no_show"
cases = [
  { when = "not (joined(student) < lesson.start + 1/3 lesson)", settle = { student = "100%" } },
  { settle = { student = "100%" }, mark = "missed_attendance", fault = "tutor" },
]

[[state.tutor_no_show_claimed.timeout]]
at = "if(joined(tutor) < lesson.start + 1/3 lesson, did(join), asked + 24h)"
to = "disputed"
if_past = "fire"

[state.disputed]
waits_for = "operator"
slot = "firm"

[[state.disputed.on.resolve]]
by = ["operator"]
to = "resolved"
needs = ["reason"]
cases = [
  { when = "blamed == \"student\"", settle = "as_given", fault = "student" },
  { when = "blamed == \"tutor\"", settle = "as_given", mark = "missed_attendance", fault = "tutor" },
  { settle = "as_given" },
]

[[state.disputed.on.join]]
by = ["system"]
to = "stay"
records = "joined"

[[state.disputed.on.leave]]
by = ["system"]
to = "stay"
records = "left"

[[state.disputed.timeout]]
at = "asked + 30d"
to = "resolved"
settle = { student = "100%" }

[state.completed]
slot = "firm"
over = true
taught = true

[[state.completed.on.review]]
by = ["student"]
to = "stay"
when = "not (reviewed(student) <= now)"
records = "reviewed"

[[state.completed.on.review]]
by = ["tutor"]
to = "stay"
when = "not (reviewed(tutor) <= now)"
records = "reviewed"

[state.declined]
over = true

[state.expired]
over = true

[state.withdrawn]
over = true

[state.cancelled]
over = true

[state.student_no_show]
slot = "firm"
over = true

[state.tutor_no_show]
slot = "firm"
over = true

[state.resolved]
slot = "firm"
over = true
');
CREATE TABLE tutorcore_reminders (
    lesson TEXT NOT NULL,
    position INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    audience TEXT NOT NULL,
    PRIMARY KEY (lesson, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE tutorcore_schedules (
    party TEXT PRIMARY KEY,
    schedule TEXT NOT NULL
) STRICT;
CREATE TABLE tutorcore_schema (
    version INTEGER PRIMARY KEY
) STRICT;
INSERT INTO "tutorcore_schema" VALUES(1);
INSERT INTO "tutorcore_schema" VALUES(2);
CREATE TABLE tutorcore_versions (
    sequence INTEGER PRIMARY KEY,
    cause INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    lesson TEXT NOT NULL REFERENCES tutorcore_lessons (id),
    number INTEGER NOT NULL CHECK (number > 0),
    at INTEGER NOT NULL,
    step TEXT NOT NULL,
    state TEXT NOT NULL,
    command TEXT,
    terms TEXT NOT NULL,
    change TEXT,
    rounds INTEGER NOT NULL,
    held INTEGER NOT NULL,
    legs TEXT NOT NULL,
    due INTEGER,
    why TEXT,
    timeline TEXT NOT NULL,
    facts TEXT, meeting TEXT,
    UNIQUE (lesson, number)
) STRICT;
INSERT INTO "tutorcore_versions" VALUES(1,3,1772442000000000,'taught',1,1772442000000000,'.on.request.0.0','requested','{"actor":"ann","key":"ask taught","lesson":"taught","note":"Hello!","offer":{"details":[["course","B1"]],"duration":3600000000,"kind":"","price":250,"start":1772614800000000},"verb":"request"}','{"details":[["course","B1"]],"end":1772618400000000,"number":1,"price":250,"start":1772614800000000}',NULL,1,250,'[["payer",-250]]',1772614800000000,'requested.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(2,4,1772445600000000,'taught',2,1772445600000000,'requested.on.accept.0.0','agreed','{"actor":"tom","key":"tom accepts 1 of taught","lesson":"taught","proposal":1,"verb":"accept"}','{"details":[["course","B1"]],"end":1772618400000000,"number":1,"price":250,"start":1772614800000000}',NULL,1,250,'[]',1772614800000000,'agreed.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(3,5,1772445600000000,'delivered',1,1772445600000000,'.on.request.0.0','requested','{"actor":"ann","key":"ask delivered","lesson":"delivered","note":"Hello!","offer":{"details":[["course","B1"]],"duration":3600000000,"kind":"","price":250,"start":1772874000000000},"verb":"request"}','{"details":[["course","B1"]],"end":1772877600000000,"number":1,"price":250,"start":1772874000000000}',NULL,1,250,'[["payer",-250]]',1772618400000000,'requested.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(4,6,1772449200000000,'delivered',2,1772449200000000,'requested.on.accept.0.0','agreed','{"actor":"tom","key":"tom accepts 1 of delivered","lesson":"delivered","proposal":1,"verb":"accept"}','{"details":[["course","B1"]],"end":1772877600000000,"number":1,"price":250,"start":1772874000000000}',NULL,1,250,'[]',1772874000000000,'agreed.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(5,7,1772449200000000,'lapsed',1,1772449200000000,'.on.request.0.0','requested','{"actor":"ann","key":"ask lapsed","lesson":"lapsed","note":"Hello!","offer":{"details":[["course","B1"]],"duration":3600000000,"kind":"","price":250,"start":1774170000000000},"verb":"request"}','{"details":[["course","B1"]],"end":1774173600000000,"number":1,"price":250,"start":1774170000000000}',NULL,1,250,'[["payer",-250]]',1772622000000000,'requested.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(6,8,1772787600000000,'taught',3,1772614800000000,'agreed.timeout.0.0','in_progress',NULL,'{"details":[["course","B1"]],"end":1772618400000000,"number":1,"price":250,"start":1772614800000000}',NULL,1,250,'[]',1772618400000000,'in_progress.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(7,8,1772787600000000,'taught',4,1772618400000000,'in_progress.timeout.0.0','delivered',NULL,'{"details":[["course","B1"]],"end":1772618400000000,"number":1,"price":250,"start":1772614800000000}',NULL,1,250,'[]',1772877600000000,'delivered.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(8,8,1772787600000000,'lapsed',2,1772622000000000,'requested.timeout.0.0','expired',NULL,'{"details":[["course","B1"]],"end":1774173600000000,"number":1,"price":250,"start":1774170000000000}',NULL,1,0,'[["payer",250]]',NULL,NULL,'{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(9,8,1772787600000000,'agreed',1,1772787600000000,'.on.request.0.0','requested','{"actor":"ann","key":"ask agreed","lesson":"agreed","note":"Hello!","offer":{"details":[["course","B1"]],"duration":3600000000,"kind":"","price":250,"start":1773306000000000},"verb":"request"}','{"details":[["course","B1"]],"end":1773309600000000,"number":1,"price":250,"start":1773306000000000}',NULL,1,250,'[["payer",-250]]',1772960400000000,'requested.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(10,9,1772791200000000,'agreed',2,1772791200000000,'requested.on.propose.0.0','proposed','{"actor":"tom","key":"tom wants more","lesson":"agreed","offer":{"price":300},"proposal":1,"verb":"propose"}','{"details":[["course","B1"]],"end":1773309600000000,"number":2,"price":300,"start":1773306000000000}',NULL,2,250,'[]',1772964000000000,'proposed.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(11,10,1772794800000000,'agreed',3,1772794800000000,'proposed.on.accept.0.0','agreed','{"actor":"ann","key":"ann accepts 2 of agreed","lesson":"agreed","proposal":2,"verb":"accept"}','{"details":[["course","B1"]],"end":1773309600000000,"number":2,"price":300,"start":1773306000000000}',NULL,2,300,'[["payer",-50]]',1773306000000000,'agreed.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(12,11,1772794800000000,'changing',1,1772787600000000,'.on.request.0.0','requested','{"actor":"ann","key":"ask changing","lesson":"changing","note":"Hello!","offer":{"details":[["course","B1"]],"duration":3600000000,"kind":"","price":250,"start":1773478800000000},"verb":"request"}','{"details":[["course","B1"]],"end":1773482400000000,"number":1,"price":250,"start":1773478800000000}',NULL,1,250,'[["payer",-250]]',1772960400000000,'requested.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(13,12,1772794800000000,'changing',2,1772791200000000,'requested.on.accept.0.0','agreed','{"actor":"tim","key":"tim accepts 1 of changing","lesson":"changing","proposal":1,"verb":"accept"}','{"details":[["course","B1"]],"end":1773482400000000,"number":1,"price":250,"start":1773478800000000}',NULL,1,250,'[]',1773478800000000,'agreed.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(14,13,1772794800000000,'refused',1,1772787600000000,'.on.request.0.0','requested','{"actor":"ann","key":"ask refused","lesson":"refused","note":"Hello!","offer":{"details":[["course","B1"]],"duration":3600000000,"kind":"","price":250,"start":1773565200000000},"verb":"request"}','{"details":[["course","B1"]],"end":1773568800000000,"number":1,"price":250,"start":1773565200000000}',NULL,1,250,'[["payer",-250]]',1772960400000000,'requested.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(15,14,1772794800000000,'refused',2,1772791200000000,'requested.on.decline.0.0','declined','{"actor":"tom","key":"tom declines","lesson":"refused","proposal":1,"reason":"busy","verb":"decline"}','{"details":[["course","B1"]],"end":1773568800000000,"number":1,"price":250,"start":1773565200000000}',NULL,1,0,'[["payer",250]]',NULL,NULL,'{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(16,15,1772881200000000,'delivered',3,1772874000000000,'agreed.timeout.0.0','in_progress',NULL,'{"details":[["course","B1"]],"end":1772877600000000,"number":1,"price":250,"start":1772874000000000}',NULL,1,250,'[]',1772877600000000,'in_progress.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(17,15,1772881200000000,'delivered',4,1772877600000000,'in_progress.timeout.0.0','delivered',NULL,'{"details":[["course","B1"]],"end":1772877600000000,"number":1,"price":250,"start":1772874000000000}',NULL,1,250,'[]',1773136800000000,'delivered.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(18,15,1772881200000000,'taught',5,1772877600000000,'delivered.timeout.0.0','completed',NULL,'{"details":[["course","B1"]],"end":1772618400000000,"number":1,"price":250,"start":1772614800000000}',NULL,1,0,'[["tutor",212],["platform",38]]',NULL,NULL,'{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(19,15,1772881200000000,'asked',1,1772881200000000,'.on.request.0.0','requested','{"actor":"ann","key":"ask asked","lesson":"asked","note":"Hello!","offer":{"details":[["course","B1"]],"duration":3600000000,"kind":"","price":250,"start":1773651600000000},"verb":"request"}','{"details":[["course","B1"]],"end":1773655200000000,"number":1,"price":250,"start":1773651600000000}',NULL,1,250,'[["payer",-250]]',1773054000000000,'requested.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(20,16,1772881200000000,'changing',3,1772881200000000,'agreed.on.propose.0.0','agreed','{"actor":"ann","key":"ann moves","lesson":"changing","offer":{"start":1773565200000000},"verb":"propose"}','{"details":[["course","B1"]],"end":1773482400000000,"number":1,"price":250,"start":1773478800000000}','{"due":1773054000000000,"state":"change_by_student","terms":{"details":[["course","B1"]],"end":1773568800000000,"number":2,"price":250,"start":1773565200000000},"why":"change_by_student.timeout.0.0"}',2,250,'[]',1773478800000000,'agreed.timeout.0.0','{}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(21,17,1772881200000000,'online',1,1772874000000000,'.on.request.0.0','requested','{"actor":"amy","key":"ask online","lesson":"online","note":"Hello!","offer":{"details":[["course","B1"]],"duration":3600000000,"kind":"","price":10000,"start":1773046800000000},"verb":"request"}','{"details":[["course","B1"]],"end":1773050400000000,"number":1,"price":10000,"start":1773046800000000}',NULL,1,10000,'[["payer",-10000]]',1773046800000000,'requested.timeout.0.0','{"asked":1772874000000000}',NULL,NULL);
INSERT INTO "tutorcore_versions" VALUES(22,18,1772881200000000,'online',2,1772877600000000,'requested.on.accept.0.0','agreed','{"actor":"tom","key":"tom accepts 1 of online","lesson":"online","proposal":1,"verb":"accept"}','{"details":[["course","B1"]],"end":1773050400000000,"number":1,"price":10000,"start":1773046800000000}',NULL,1,10000,'[]',1773046800000000,'agreed.timeout.0.0','{"asked":1772874000000000}','{"has":["has(tutor, meeting_provider)"]}',NULL);
INSERT INTO "tutorcore_versions" VALUES(23,19,1772881200000000,'online',3,1772881200000000,'agreed.on.meeting_ready.0.0','agreed','{"actor":"robot","key":"a meeting","lesson":"online","particulars":{"details":[["student","https://meet.example/s"],["tutor","https://meet.example/t"]],"source":"video"},"proposal":1,"verb":"meeting_ready"}','{"details":[["course","B1"]],"end":1773050400000000,"number":1,"price":10000,"start":1773046800000000}',NULL,1,10000,'[]',1773046800000000,'agreed.timeout.0.0','{"asked":1772874000000000}','{"grants":["system"]}','["video",[["student","https://meet.example/s"],["tutor","https://meet.example/t"]],1]');
CREATE INDEX tutorcore_audit_by_lesson ON tutorcore_audit (lesson) WHERE lesson IS NOT NULL;
CREATE INDEX tutorcore_lessons_due ON tutorcore_lessons (due) WHERE due IS NOT NULL;
CREATE INDEX tutorcore_lessons_of_tutor ON tutorcore_lessons (tutor, due);
CREATE INDEX tutorcore_lessons_of_student ON tutorcore_lessons (student, due);
CREATE INDEX tutorcore_lessons_of_payer ON tutorcore_lessons (payer, due) WHERE payer <> student;
CREATE INDEX tutorcore_lessons_of_requester ON tutorcore_lessons (requester, due) WHERE requester <> student;
CREATE INDEX tutorcore_versions_by_cause ON tutorcore_versions (cause);
CREATE INDEX tutorcore_legs_by_account ON tutorcore_legs (account, currency, amount);
CREATE INDEX tutorcore_clearings_due ON tutorcore_clearings (due);
CREATE INDEX tutorcore_clearings_of_tutor ON tutorcore_clearings (tutor, due);
CREATE INDEX tutorcore_claims_of_lesson ON tutorcore_claims (lesson);
CREATE TRIGGER tutorcore_claims_added BEFORE INSERT ON tutorcore_claims
WHEN EXISTS (
    SELECT 1 FROM tutorcore_claims AS other
    WHERE other.party = NEW.party AND other.starts > NEW.starts - 604800000000 AND other.starts < NEW.ends
    AND other.ends > NEW.starts AND other.lesson <> NEW.lesson
)
BEGIN
    SELECT RAISE(ABORT, 'tutorcore: overlapping claims');
END;
CREATE TRIGGER tutorcore_claims_changed BEFORE UPDATE ON tutorcore_claims
WHEN EXISTS (
    SELECT 1 FROM tutorcore_claims AS other
    WHERE other.party = NEW.party AND other.starts > NEW.starts - 604800000000 AND other.starts < NEW.ends
    AND other.ends > NEW.starts AND other.lesson <> NEW.lesson
    AND NOT (other.party = OLD.party AND other.starts = OLD.starts
             AND other.lesson = OLD.lesson AND other.proposal = OLD.proposal)
)
BEGIN
    SELECT RAISE(ABORT, 'tutorcore: overlapping claims');
END;
CREATE INDEX tutorcore_reminders_due ON tutorcore_reminders (at);
CREATE INDEX tutorcore_outbox_undone ON tutorcore_outbox (kind, sequence) WHERE done = 0;
CREATE INDEX tutorcore_outbox_undone_of_lesson ON tutorcore_outbox (lesson, sequence) WHERE done = 0;
COMMIT;
