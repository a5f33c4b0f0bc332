-- A customer master as an AS/400 would have it: six-letter names, CHARs padded with blanks, dates as CYYMMDD numbers.
PRAGMA journal_mode = WAL;
CREATE TABLE ANCF00F (
  CDCLI CHAR(8)       NOT NULL PRIMARY KEY,  -- code
  RASCL CHAR(30)      NOT NULL,              -- name
  LOCCL CHAR(20)      NOT NULL,              -- city
  TELCL CHAR(16)      NOT NULL,              -- telephone
  DTULO DECIMAL(7,0)  NOT NULL,              -- last order: 1251104 is 4 November 2025
  FIDO  DECIMAL(11,2) NOT NULL,              -- credit limit
  STATO CHAR(1)       NOT NULL,              -- A active, C closed
  NOTEI CHAR(40)      NOT NULL               -- notes that are nobody else's business
);
INSERT INTO ANCF00F
SELECT printf('%-8s', column1), printf('%-30s', column2), printf('%-20s', column3), printf('%-16s', column4), column5, column6,
       column7, printf('%-40s', '')
FROM (VALUES
  ('C0001', 'ROSSI MARIO & FIGLI SNC', 'BOLOGNA',  '051 234567',   1251104, 15000.00, 'A'),
  ('C0002', 'FERRAMENTA BIANCHI SRL',  'MODENA',   '059/876543',   1251018,  8000.50, 'A'),
  ('C0003', 'OFFICINE VERDI SPA',      'REGGIO EMILIA', '0522 112233', 1250930, 42000.00, 'A'),
  ('C0004', 'CARTOLERIA NERI',         'PARMA',    '333 4445556',   991231,   500.00, 'A'),
  ('C0005', 'DITTA GIALLI (CESSATA)',  'FERRARA',  '0532 998877',  1180314,     0.00, 'C'));
