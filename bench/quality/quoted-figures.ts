import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ProtocolName } from '../support/protocols.ts';

/** A figure that somebody else measured; shares. */
export interface QuotedFigure {
  readonly method: string;
  readonly set: string;
  readonly auroc: number;
  /** Absent where only AUROC was published. */
  readonly averagePrecision?: number;
}

export interface Quoted {
  /** For people: who measured, how. */
  readonly source: string;
  readonly figures: readonly QuotedFigure[];
}

const FOLDER = resolve(import.meta.dirname, '../../../shared/design');

/** Figures of others under the same protocol; none where their file is absent. */
export async function readQuoted(protocol: ProtocolName, setNames: readonly string[]): Promise<Quoted | null> {
  const { file, source, parse } = QUOTES[protocol];
  const text = await readFile(join(FOLDER, file), 'utf8').catch(() => null);
  if (text === null) return null;
  return { source, figures: parse(toRecords(text)).flatMap((figure) => withName(figure, setNames)) };
}

type Row = Readonly<Record<string, string>>;

const QUOTES: {
  readonly [P in ProtocolName]: { file: string; source: string; parse: (rows: Row[]) => QuotedFigure[] };
} = {
  split: {
    file: 'peers.csv',
    source: 'measured once on the same split with PyOD 3.6.7 and its defaults (1 to 3 seeds), and quoted',
    parse: (rows) =>
      rows
        .filter((row) => row['auroc'] !== '')
        .map((row) => ({
          method: row['method']!,
          set: row['set']!,
          auroc: Number(row['auroc']),
          averagePrecision: Number(row['ap']),
        })),
  },
  published: {
    file: 'published-dte.csv',
    source: 'published by Livernoche et al., ICLR 2024 (arXiv 2305.18593)',
    parse: (rows) =>
      rows.flatMap(({ Dataset: set, ...methods }) =>
        Object.entries(methods).map(([method, percent]) => ({ method, set: set!, auroc: Number(percent) / 100 })),
      ),
  },
};

/** Under the set's own spelling; sets that are not measured here are left out. */
function withName(figure: QuotedFigure, names: readonly string[]): QuotedFigure[] {
  const name = names.find((known) => known.toLowerCase() === figure.set.toLowerCase());
  return name === undefined ? [] : [{ ...figure, set: name }];
}

function toRecords(csv: string): Row[] {
  const [header = '', ...lines] = csv.trim().split(/\r?\n/);
  const names = header.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, index) => [names[index]!, cell])));
}
