import type { Graph } from '../../graph/graph.ts';
import type { GatysOptions } from '../../models/stylize/plan-gatys.ts';
import type { Extents, TrainedStylizer } from '../../models/stylize/stylizer-graphs.ts';
import type { Executor, NamedArrays } from '../../runtime/executor.ts';

/** How the image is found. */
export type StyleMethod =
  | { readonly kind: 'adain'; readonly alpha: number }
  | ({ readonly kind: 'gatys'; readonly onSteps?: (done: number) => void } & GatysOptions);

/** A content and a style, ready for the networks. */
export interface StyleWork {
  readonly trained: TrainedStylizer;
  readonly executor: Executor;
  readonly extents: Extents;
  /** By the names of `STYLIZE`. */
  readonly feeds: NamedArrays;
}

export async function runOnce(executor: Executor, graph: Graph, feeds: NamedArrays): Promise<NamedArrays> {
  const session = await executor.compile(graph);
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}
