import { createRandom } from '../../src/base/philox.ts';
import { writeDocument } from '../support/documents.ts';
import { drawSheet, type Panel } from './charts.ts';
import type { DiracState } from './dirac.ts';
import { DIRAC_GAMES, DIRAC_TEXTS, type DiracName } from './dirac-games.ts';
import type { ToyResult } from './measure-toy.ts';
import { DIRAC_TIMES } from './result.ts';
import { TOY_SETS, type ToyName } from './toy-sets.ts';

/** Reach of the pictures' axes. */
const DIRAC_REACH = 2.2;
const TOY_REACH: { readonly [T in ToyName]: number } = { ring: 2.6, grid: 2.6, roll: 2.2 };

export type DiracPaths = { readonly [D in DiracName]: readonly DiracState[] };

/** Writes the paths of the Dirac-GAN up to the first of the times that figures are told of. */
export async function drawDirac(paths: DiracPaths): Promise<void> {
  const names = Object.keys(DIRAC_GAMES) as DiracName[];
  const panels = names.map((name) => ({
    title: DIRAC_TEXTS[name].title,
    points: paths[name].slice(0, DIRAC_TIMES[0] + 1).flatMap(({ theta, psi }) => [theta, psi]),
  }));
  const description = `Paths of ${names.length} games on the Dirac-GAN from (1, 1), theta to the right, psi upwards.`;
  const picture = drawSheet({ id: 'dirac', description, kind: 'path', panels, reach: DIRAC_REACH });
  await writeDocument('images/families-dirac.svg', picture);
}

/** Writes a picture of the data and of what each variant made of them with the first seed. */
export async function drawToys(file: string, name: ToyName, results: readonly ToyResult[]): Promise<void> {
  const set = TOY_SETS[name];
  const count = (results[0]?.shown.length ?? 0) / 2;
  const data = Array.from(set.draw(count, createRandom(0)), (value) => Number(value.toFixed(3)));
  const panels: Panel[] = [
    { title: 'the data', points: data, isReference: true },
    ...results.map(({ variant, shown }) => ({ title: variant, points: shown })),
  ];
  const description = `${set.title}: ${count} rows of the data and of each of ${results.length} generators, seed 0.`;
  const picture = drawSheet({ id: file, description, kind: 'points', panels, reach: TOY_REACH[name] });
  await writeDocument(`images/families-${file}.svg`, picture);
}
