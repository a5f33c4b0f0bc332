#!/bin/bash
# Prints the SQL that makes the benched table (about 160 bytes a row). usage: tables.sh postgresql|mariadb|sqlite ROWS
set -euo pipefail
rows=$2
cat <<'SQL'
DROP TABLE IF EXISTS bench_customers;
CREATE TABLE bench_customers (
  codcli INTEGER NOT NULL PRIMARY KEY,
  ragsoc VARCHAR(40) NOT NULL, indir VARCHAR(40) NOT NULL, citta VARCHAR(30) NOT NULL,
  piva CHAR(11) NOT NULL, tel VARCHAR(20), fido DECIMAL(11,2) NOT NULL, dtult DATE, stato CHAR(1) NOT NULL,
  note VARCHAR(60) NOT NULL
);
SQL
insert='INSERT INTO bench_customers SELECT n,'
case $1 in
  postgresql)
    echo "$insert 'ROSSI MARIO & FIGLI S.N.C. ' || n, 'VIA GIUSEPPE GARIBALDI, ' || (n % 400), 'REGGIO NELL''EMILIA',
      lpad((n * 7919 % 100000000000)::text, 11, '0'), '+39 0522 ' || (n % 1000000), n % 50000 + 0.25,
      date '2020-01-01' + (n % 2000)::int, CASE WHEN n % 7 = 0 THEN 'C' ELSE 'A' END, 'CLIENTE DAL 2004, PAGAMENTO A 60 GIORNI F.M. ' || (n % 100)
      FROM (SELECT n::bigint FROM generate_series(1, $rows) n) numbers; ANALYZE bench_customers;" ;;
  mariadb)
    echo "$insert concat('ROSSI MARIO & FIGLI S.N.C. ', n), concat('VIA GIUSEPPE GARIBALDI, ', n % 400), 'REGGIO NELL''EMILIA',
      lpad(n * 7919 % 100000000000, 11, '0'), concat('+39 0522 ', n % 1000000), n % 50000 + 0.25,
      date_add('2020-01-01', INTERVAL n % 2000 DAY), if(n % 7 = 0, 'C', 'A'),
      concat('CLIENTE DAL 2004, PAGAMENTO A 60 GIORNI F.M. ', n % 100)
      FROM (SELECT seq AS n FROM seq_1_to_$rows) numbers; ANALYZE TABLE bench_customers;" ;;
  sqlite)
    echo "$insert 'ROSSI MARIO & FIGLI S.N.C. ' || n, 'VIA GIUSEPPE GARIBALDI, ' || (n % 400), 'REGGIO NELL''EMILIA',
      printf('%011d', n * 7919 % 100000000000), '+39 0522 ' || (n % 1000000), n % 50000 + 0.25,
      date('2020-01-01', '+' || (n % 2000) || ' days'), CASE WHEN n % 7 = 0 THEN 'C' ELSE 'A' END, 'CLIENTE DAL 2004, PAGAMENTO A 60 GIORNI F.M. ' || (n % 100)
      FROM (SELECT value AS n FROM generate_series(1, $rows)) numbers;" ;;
esac
