/** What a run's epochs say of each sample: when its answer was right, and when it was not any more. */
import { quoteName, quoteText } from "./sql-text";

export interface LearningOf {
  run: string;
  dataset: string;
  table: string;
  /** The revision that the run looked at. */
  revision: string;
  key: string;
  label: string;
}

/** Each epoch of each sample, right or wrong, and what it was in the epoch before. */
function answers({ run, dataset, table, revision, key, label }: LearningOf): string {
  const rows = `at(${[dataset, table, revision].map(quoteText).join(", ")})`;
  const isRight = `CAST(r.predicted AS VARCHAR) = CAST(s.${quoteName(label)} AS VARCHAR)`;
  return (
    `WITH a AS (SELECT r.sample, r.epoch, ${isRight} AS is_right FROM runs.${quoteName(run)} r ` +
    `JOIN ${rows} s ON CAST(s.${quoteName(key)} AS VARCHAR) = r.sample WHERE r.predicted IS NOT NULL), ` +
    "b AS (SELECT *, lag(is_right) OVER (PARTITION BY sample ORDER BY epoch) AS was_right FROM a), " +
    "c AS (SELECT sample, count(*) AS epochs, " +
    "sum(CASE WHEN is_right THEN 1 ELSE 0 END) AS right_epochs, " +
    "sum(CASE WHEN was_right AND NOT is_right THEN 1 ELSE 0 END) AS forgotten FROM b GROUP BY sample)"
  );
}

/** One row: samples, never right, always right, forgotten at least once. */
export const learningTotals = (of: LearningOf) =>
  `${answers(of)} SELECT count(*), ` +
  "sum(CASE WHEN right_epochs = 0 THEN 1 ELSE 0 END), " +
  "sum(CASE WHEN right_epochs = epochs THEN 1 ELSE 0 END), " +
  "sum(CASE WHEN forgotten > 0 THEN 1 ELSE 0 END) FROM c";

/** Rows (sample, epochs, right epochs, times forgotten), most often forgotten first. */
export const mostForgotten = (of: LearningOf) =>
  `${answers(of)} SELECT sample, epochs, right_epochs, forgotten FROM c WHERE forgotten > 0 ` +
  "ORDER BY forgotten DESC, right_epochs, sample";
