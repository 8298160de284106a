/**
 * Twenty steps of a table's game, and of a StyleGAN, on the CPU and on WebGPU, in calls of seven steps, and of a program that has an
 * operator without a kernel of WebGPU's; prints the losses of both, what WebGPU had to say, and where operators ran, as JSON. A process of its own, since a Vulkan driver is chosen when a process starts.
 */
import { input, isNaN, multiply, select, sum } from '../../src/graph/operations.ts';
import { reportName, stateName } from '../../src/graph/program.ts';
import { planPhase } from '../../src/models/stylegan/game.ts';
import type { TrainingTask } from '../../src/models/task.ts';
import type { Device, NamedArrays } from '../../src/runtime/executor.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { readGolden } from './golden.ts';
import { drawnFeeds, initialFeeds, optionsOf, readGoldenStyleGan } from './golden-stylegan.ts';
import { goldenFeeds, goldenTask } from './golden-task.ts';

const STEPS = 20;
const STEPS_PER_CALL = 7;

interface Game {
  readonly task: TrainingTask;
  readonly state: NamedArrays;
  /** The shared data, and what is drawn in so many steps from one on. */
  readonly feeds: (from: number, steps: number) => NamedArrays;
}

function tabularGame(): Game {
  const golden = readGolden();
  const task = goldenTask(golden);
  const all = goldenFeeds(golden, task);
  const drawn = new Set(task.draws.map(({ input }) => input.attributes.name));
  const feeds = (from: number, steps: number): NamedArrays =>
    Object.fromEntries(
      Object.entries(all).map(([name, { data, shape }]) => {
        if (!drawn.has(name)) return [name, { data, shape }];
        // The file has ten steps: they come again.
        const size = data.length / golden.steps;
        const at = (place: number): number =>
          data[((from + Math.floor(place / size)) % golden.steps) * size + (place % size)]!;
        return [
          name,
          {
            data: Float32Array.from({ length: steps * size }, (_, place) => at(place)),
            shape: [steps, ...shape.slice(1)],
          },
        ];
      }),
    );
  return { task, state: all, feeds };
}

function styleGame(index: number): Game {
  const golden = readGoldenStyleGan();
  const each = golden.cases[index]!;
  const { size, fading, interval } = each.case;
  const phase = { name: '0', size, isFading: fading, images: STEPS * golden.batch * interval, imagesBefore: 0 };
  const task = planPhase(optionsOf(golden, each), phase, golden.count);
  return { task, state: initialFeeds(task), feeds: (from, steps) => drawnFeeds(golden, each, task, from, steps) };
}

async function play({ task, state: start, feeds }: Game, device: Device) {
  const said: string[] = [];
  const executor = await openExecutor({ device, threads: 1, warn: (text) => said.push(text) });
  const session = await executor.compileSteps(task.program);
  const losses: Record<string, number[]> = {};
  const names = task.program.state.map(({ input }) => input.attributes.name);
  let state = Object.fromEntries(names.map((name) => [name, start[name]!]));
  for (let from = 0; from < STEPS; from += STEPS_PER_CALL) {
    const steps = Math.min(STEPS_PER_CALL, STEPS - from);
    const results = await session.run(steps, { ...feeds(from, steps), ...state });
    state = Object.fromEntries(names.map((name) => [name, results[stateName(name)]!]));
    for (const name of Object.keys(task.program.reports))
      (losses[name] ??= []).push(...results[reportName(name)]!.data);
  }
  await session.close();
  await executor.close();
  return { losses, said, placement: session.placement };
}

const games = { tabular: tabularGame(), stylegan: styleGame(0) };
const results: Record<string, unknown> = {};
for (const [name, game] of Object.entries(games))
  results[name] = { cpu: await play(game, 'cpu'), webgpu: await play(game, 'webgpu') };

/** w' = w where it is a number, else 0; WebGPU has no kernel of IsNaN. */
async function playFallback() {
  const said: string[] = [];
  const executor = await openExecutor({ device: 'webgpu', threads: 1, warn: (text) => said.push(text) });
  const w = input('w', [2]);
  const next = select(isNaN(w), 0, multiply(w, 2));
  const program = {
    name: 'fallback',
    state: [{ input: w, next }],
    shared: [],
    perStep: [],
    reports: { sum: sum(next) },
  };
  const session = await executor.compileSteps(program);
  const results = await session.run(2, { w: { data: Float32Array.of(3, NaN), shape: [2] } });
  const { placement } = session;
  await session.close();
  await executor.close();
  return { said, placement, w: [...results['state.w']!.data] };
}

console.log(JSON.stringify({ games: results, fallback: await playFallback() }));
