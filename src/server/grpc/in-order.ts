export interface InOrderOptions<Q, R> {
  readonly work: (request: Q) => Promise<R>;
  /** Of a request, in any unit. */
  readonly weigh: (request: Q) => number;
  /** Most requests that are worked on at a time, and most weight; a request that is heavier by itself is worked on alone. */
  readonly most: number;
  readonly heaviest: number;
}

/**
 * Works on several requests of a stream at a time and gives the answers in the requests' order. The next request is asked
 * for only while there is room, and room comes back when an answer is taken. The first error, in the order of the requests,
 * ends it; answers before it are given, later requests may have been worked on for nothing.
 */
export async function* inOrder<Q, R>(requests: AsyncIterable<Q>, options: InOrderOptions<Q, R>): AsyncGenerator<R> {
  const { work, weigh, most, heaviest } = options;
  const source = requests[Symbol.asyncIterator]();
  const working: { readonly answer: Promise<R>; readonly weight: number }[] = [];
  let weight = 0;
  let coming: Promise<Next<Q>> | undefined;
  let ended = false;
  try {
    for (;;) {
      const hasRoom = working.length === 0 || (working.length < most && weight < heaviest);
      if (!ended && hasRoom) coming ??= source.next().then((next) => ({ next }));
      const head = working[0];
      if (head === undefined && ended) return;
      const arrived = coming && hasRoom ? await raceWith(coming, head?.answer) : undefined;
      if (arrived !== undefined) {
        coming = undefined;
        if (arrived.next.done === true) ended = true;
        else {
          const request = arrived.next.value;
          const answer = work(request);
          // Whoever fails before its turn is heard of at its turn.
          answer.catch(() => undefined);
          working.push({ answer, weight: weigh(request) });
          weight += weigh(request);
        }
      } else if (head !== undefined) {
        const answer = await head.answer;
        working.shift();
        weight -= head.weight;
        yield answer;
      }
    }
  } finally {
    // Not waited for: the source may be in the middle of waiting for a request that never comes.
    source.return?.().catch(() => undefined);
  }
}

/** What came first: the next request, or (undefined) the answer, whose error is thrown. */
function raceWith<Q>(coming: Promise<Next<Q>>, answer: Promise<unknown> | undefined): Promise<Next<Q> | undefined> {
  return answer === undefined ? coming : Promise.race([coming, answer.then(() => undefined)]);
}

interface Next<Q> {
  readonly next: IteratorResult<Q, unknown>;
}
