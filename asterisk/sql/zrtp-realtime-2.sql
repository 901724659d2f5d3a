-- SPDX-License-Identifier: GPL-2.0-only
-- Brings the tables of zrtp-realtime.*.sql from version 1 to version 2, in MariaDB,
-- MySQL and PostgreSQL. First upgrade the modules of all nodes, which work with both
-- versions; then run this, and start Asterisk on each node anew.

ALTER TABLE zrtp_pairs ADD COLUMN line_data varchar(880) NOT NULL DEFAULT '';
UPDATE zrtp_meta SET value = '2' WHERE property = 'schema';
