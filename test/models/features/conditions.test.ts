import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { createGraph } from '../../../src/graph/graph.ts';
import { input } from '../../../src/graph/operations.ts';
import type { Tensor } from '../../../src/graph/tensor.ts';
import { expandCompact, layoutOf, toCompact } from '../../../src/models/features/compact.ts';
import {
  forgetConditions,
  freeColumns,
  joinConditions,
  onlyConditions,
  takeConditions,
  withoutConditions,
} from '../../../src/models/features/conditions.ts';
import { conditionSlots, rowWidth, type FeatureSchema } from '../../../src/models/features/schema.ts';
import { fitTransform, type Transform } from '../../../src/models/features/transform.ts';
import { createStepBuilder } from '../../../src/models/step-builder.ts';
import type { Executor } from '../../../src/runtime/executor.ts';
import { openExecutor } from '../../../src/runtime/open-executor.ts';
import { evaluateReference } from '../../support/reference.ts';
import { createDraws } from '../../../src/training/steps/draws.ts';

const condition = { condition: true as const };
const number = (name: string) => ({ kind: 'number', name, missing: true, integer: false }) as const;
const category = (name: string) => ({ kind: 'category', name, missing: true, levels: ['x', 'y', 'z'] }) as const;
/** Ordinary fields and conditions of every kind, mixed. */
const SCHEMA: FeatureSchema = {
  fields: [
    number('a'),
    { ...number('b'), ...condition },
    { ...category('c'), ...condition },
    { kind: 'timestamp', name: 't', missing: false, ...condition },
    category('d'),
    { kind: 'boolean', name: 'e', missing: false, ...condition },
  ],
  excluded: [],
};
const COUNT = 400;
const WIDTH = rowWidth(SCHEMA);

function randomRows(): Float32Array {
  const stream = createRandom(5).stream('rows');
  const uniform = new Float32Array(COUNT * WIDTH);
  stream.fillUniform(uniform, 0);
  return uniform.map((u, at) => {
    const slot = at % WIDTH;
    if (slot < 2) return u < 0.1 ? NaN : 10 * u;
    if (slot === 3) return Math.floor(u * 86_400);
    if (slot === 4) return Math.floor(u * 7);
    return Math.floor(u * (slot === 6 ? 2 : 3));
  });
}

let executor: Executor;
beforeAll(async () => {
  executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
});
afterAll(() => executor.close());

const ROWS = randomRows();
const TRANSFORM = fitTransform(SCHEMA, (slot) => ROWS.filter((_, at) => at % WIDTH === slot), { numbers: 'standard' });

async function compute(outputs: (rows: Tensor) => Readonly<Record<string, Tensor>>) {
  const rows = input('rows', [COUNT, WIDTH]);
  const session = await executor.compile(createGraph('test', [rows], outputs(rows)));
  const results = await session.run({ rows: { data: ROWS, shape: [COUNT, WIDTH] } });
  await session.close();
  return results;
}

describe('condition columns', () => {
  it('are taken out of expanded rows, and put back, to the same rows', async () => {
    const x = (rows: Tensor, transform: Transform) => expandCompact(toCompact(rows, transform), transform);
    const { whole, joined } = await compute((rows) => {
      const whole = x(rows, TRANSFORM);
      const free = x(rows, withoutConditions(TRANSFORM));
      return { whole, joined: joinConditions(free, takeConditions(whole, TRANSFORM)!, TRANSFORM) };
    });
    expect(joined!.data).toEqual(whole!.data);
  });

  it('are the same when made from their own slots alone', async () => {
    const slots = conditionSlots(SCHEMA);
    expect(slots).toEqual([1, 2, 3, 4, 6]);
    const own = onlyConditions(TRANSFORM, slots);
    const packed = Float32Array.from({ length: COUNT * slots.length }, (_, at) => {
      const row = Math.floor(at / slots.length);
      return ROWS[row * WIDTH + slots[at % slots.length]!]!;
    });
    const { taken } = await compute((rows) => ({
      taken: takeConditions(expandCompact(toCompact(rows, TRANSFORM), TRANSFORM), TRANSFORM)!,
    }));
    const given = input('given', [COUNT, slots.length]);
    const session = await executor.compile(
      createGraph('own', [given], { x: expandCompact(toCompact(given, own), own) }),
    );
    const { x } = await session.run({ given: { data: packed, shape: [COUNT, slots.length] } });
    await session.close();
    expect(x!.data).toEqual(taken!.data);
  });

  it('are left out of the columns that are free, and none are where there are none', () => {
    const free = freeColumns(TRANSFORM, 2)!;
    const { expandedWidth } = layoutOf(TRANSFORM);
    expect(free.shape).toEqual([1, expandedWidth + 2]);
    expect(freeColumns(withoutConditions(TRANSFORM), 2)).toBeNull();
    expect(takeConditions(input('x', [3, 9]), withoutConditions(TRANSFORM))).toBeNull();
  });
});

describe('the mask of free columns', () => {
  const plain = { missing: false, integer: false };
  const levels = { kind: 'category', missing: false, levels: ['x', 'y'] } as const;
  const fields = [
    { ...number('a'), ...plain, ...condition },
    { ...number('b'), ...plain },
    { ...levels, name: 'c', ...condition },
    { ...levels, name: 'd' },
  ] as const;

  it('is 0 at the number and at each level of a condition, and 1 everywhere else', () => {
    const transform = fitTransform({ fields, excluded: [] }, () => Float32Array.of(0, 1, 1, 0), {
      numbers: 'standard',
    });
    const [free] = evaluateReference([freeColumns(transform, 1)!], {});
    // a, b; x, y and the unseen level of c, then of d; and one other.
    expect([...free!.data]).toEqual([0, 1, 0, 0, 0, 1, 1, 1, 1]);
  });
});

describe('forgotten conditions', () => {
  it('are the unseen level in a tenth of the rows, each condition apart, and nothing else changes', async () => {
    const batch = 4000;
    const { compactWidth, continuous } = layoutOf(TRANSFORM);
    const step = createStepBuilder();
    const x = step.shared('x', [batch, compactWidth]);
    const y = forgetConditions(step, 'rows', x, TRANSFORM);
    const task = step.finish({ name: 'forget', title: 'forget', steps: 1, updatesPerStep: 1 });
    const drawn = Object.entries(createDraws(task, createRandom(2))(0, 1, 1)).map(
      ([name, { data, shape }]) => [name, { data, shape: shape.slice(1) }] as const,
    );
    const session = await executor.compile(createGraph('forget', [x, ...task.program.perStep] as never, { y }));
    const given = { data: new Float32Array(batch * compactWidth), shape: [batch, compactWidth] };
    const { data } = (await session.run({ x: given, ...Object.fromEntries(drawn) }))['y']!;
    await session.close();
    TRANSFORM.levels.forEach(({ of, largestIndex, condition: isCondition }, index) => {
      const values = data.filter((_, at) => at % compactWidth === continuous + index);
      const forgotten = values.filter((value) => value === largestIndex).length / batch;
      if (of === 'value' && isCondition) {
        expect(forgotten).toBeGreaterThan(0.08);
        expect(forgotten).toBeLessThan(0.12);
      } else expect(values.every((value) => value === 0)).toBe(true);
    });
    expect(data.every((value, at) => at % compactWidth >= continuous || value === 0)).toBe(true);
  });

  it('draw nothing where a table has no conditions', () => {
    const step = createStepBuilder();
    const x = step.shared('x', [8, 3]);
    expect(forgetConditions(step, 'rows', x, withoutConditions(TRANSFORM))).toBe(x);
    expect(step.finish({ name: 'none', title: 'none', steps: 1, updatesPerStep: 1 }).draws).toEqual([]);
  });
});
