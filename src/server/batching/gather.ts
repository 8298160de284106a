import type { Piece, Waiting } from './queue.ts';

/** Who waits with rows, packed one after the other. */
interface HasRows extends Waiting {
  readonly job: { readonly rows: Float32Array };
}

export function rowsOf(pieces: readonly Piece<HasRows>[]): number {
  let rows = 0;
  for (const { count } of pieces) rows += count;
  return rows;
}

/** The rows of all pieces, one after the other; where there is one piece, a view of its rows. */
export function gather(pieces: readonly Piece<HasRows>[], rowWidth: number): Float32Array {
  if (pieces.length === 1) return rowsOfPiece(pieces[0]!, rowWidth);
  const rows = new Float32Array(rowsOf(pieces) * rowWidth);
  let at = 0;
  for (const piece of pieces) {
    rows.set(rowsOfPiece(piece, rowWidth), at);
    at += piece.count * rowWidth;
  }
  return rows;
}

function rowsOfPiece({ waiting, count, left }: Piece<HasRows>, rowWidth: number): Float32Array {
  const { rows } = waiting.job;
  if (rows.length === count * rowWidth) return rows;
  const from = rows.length - left * rowWidth;
  return rows.subarray(from, from + count * rowWidth);
}
