import { AristarchError } from '../../base/errors.ts';
import { CRITIC_FILE } from '../../models/artefact/layout.ts';
import { ROWS_INPUT, SCORES_OUTPUT } from '../../models/scoring-graph.ts';
import type { NamedArrays, Session } from '../../runtime/executor.ts';
import { evenRows } from '../even-rows.ts';

/** A critic's session for any number of rows, which itself is given even ones (even-rows.ts). */
export function inPairs(session: Session): Session {
  const { runNow } = session;
  return {
    ...session,
    runNow: runNow && ((feeds) => takeRows(runNow(evenFeeds(feeds)), feeds)),
    run: async (feeds) => takeRows(await session.run(evenFeeds(feeds)), feeds),
  };
}

function evenFeeds(feeds: NamedArrays): NamedArrays {
  const { data, shape } = feeds[ROWS_INPUT]!;
  const [rows, width] = shape as readonly [number, number];
  if (rows % 2 === 0) return feeds;
  return { [ROWS_INPUT]: { data: evenRows(data, width), shape: [rows + 1, width] } };
}

/** The scores of those rows that were asked for. */
function takeRows(results: NamedArrays, feeds: NamedArrays): NamedArrays {
  const [rows = 0] = feeds[ROWS_INPUT]!.shape;
  const scores = results[SCORES_OUTPUT];
  if (scores === undefined || rows % 2 === 0) return results;
  if (scores.data.length !== rows + 1) {
    const message = `${CRITIC_FILE} answered ${scores.data.length} scores for ${rows + 1} rows: train again`;
    throw new AristarchError('ARTEFACT_INVALID', message);
  }
  return { [SCORES_OUTPUT]: { data: scores.data.subarray(0, rows), shape: [rows] } };
}
