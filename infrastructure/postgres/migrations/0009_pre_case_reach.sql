-- case_reach: to which legal entities and teams each case belongs, for those whose right is limited

CREATE TABLE case_family_reach (
    family_id    uuid PRIMARY KEY  -- the complaint, or the dispute that no complaint preceded, or an invoice
  , company_code text              -- the complaint's own
  , disputed     text[] NOT NULL   -- the companies of the disputed documents
  , queue        text
  , asked_queue  text              -- the team that was asked and has not answered yet
  , members      uuid[] NOT NULL
);
CREATE TABLE case_reach (
    case_id   uuid PRIMARY KEY
  , family_id uuid NOT NULL
  , companies text[] NOT NULL
  , teams     text[] NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON case_family_reach, case_reach TO recours_application;
GRANT SELECT ON case_family_reach, case_reach TO recours_reader;
