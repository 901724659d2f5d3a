-- SPDX-License-Identifier: GPL-2.0-only
-- Tables for cache = realtime of zrtp.conf, for PostgreSQL.
--
-- Secrets are text sealed with the key of zrtp.conf. One row of zrtp_peers is a
-- phone, one of zrtp_pairs what it shares with us under one of our numbers.
-- revision is what two nodes contend for: change a row by hand only together
-- with it (revision = revision + 1), better with the commands "zrtp cache".

BEGIN;

CREATE TABLE zrtp_meta (
	property  varchar(32)  NOT NULL PRIMARY KEY,
	value     varchar(128) NOT NULL
);
INSERT INTO zrtp_meta (property, value) VALUES ('schema', '2');

CREATE TABLE zrtp_peers (
	own_zid       char(24)     NOT NULL,
	peer_zid      char(24)     NOT NULL,
	name          varchar(400) NOT NULL DEFAULT '=',
	endpoints     varchar(400) NOT NULL DEFAULT '=',
	scope         integer      NOT NULL DEFAULT 0,
	pbx           varchar(186) NOT NULL DEFAULT '',
	pbx_alternate varchar(186) NOT NULL DEFAULT '',
	aux           varchar(186) NOT NULL DEFAULT '',
	first_use     bigint       NOT NULL DEFAULT 0,
	last_use      bigint       NOT NULL DEFAULT 0,
	revision      bigint       NOT NULL,
	latest        bigint       NOT NULL DEFAULT 0,
	PRIMARY KEY (own_zid, peer_zid)
);
-- For lists by the first digits of the ZID, in any collation.
CREATE INDEX zrtp_peers_prefix ON zrtp_peers (own_zid, peer_zid bpchar_pattern_ops);

CREATE TABLE zrtp_pairs (
	own_zid         char(24)     NOT NULL,
	peer_zid        char(24)     NOT NULL,
	label           varchar(400) NOT NULL,
	rs1             varchar(186) NOT NULL,
	rs2             varchar(186) NOT NULL DEFAULT '',
	line_data       varchar(880) NOT NULL DEFAULT '',
	verified        smallint     NOT NULL DEFAULT 0,
	preshared_count bigint       NOT NULL DEFAULT 0,
	last_use        bigint       NOT NULL DEFAULT 0,
	expires         bigint       NOT NULL,
	revision        bigint       NOT NULL,
	PRIMARY KEY (own_zid, peer_zid, label)
);
CREATE INDEX zrtp_pairs_expires ON zrtp_pairs (expires);

COMMIT;
