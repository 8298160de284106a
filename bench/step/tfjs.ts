import { createRequire } from 'node:module';
import type * as TfCore from '@tensorflow/tfjs-core';
import { timed, type Peer, type StepSize } from './peer.ts';

interface Layer {
  readonly w: TfCore.Variable;
  readonly b: TfCore.Variable;
}

/** A TF.js that the step is written in. */
export interface TfjsEngine {
  readonly name: string;
  readonly description: string;
  readonly tf: typeof TfCore;
  /** As its backend is called: that of a process is chosen anew before each run, as all copies of TF.js share one choice. */
  readonly backend: string;
}

/** The same step written by hand in TF.js: second derivatives by its autograd, its Adam. */
export async function createTfjs(size: StepSize, { tf, name, description, backend }: TfjsEngine): Promise<Peer> {
  await tf.setBackend(backend);
  const { batch, features, latent, hidden, rows } = size;
  const network = (widths: number[]): Layer[] =>
    widths.slice(1).map((units, index) => ({
      w: tf.variable(tf.randomNormal<TfCore.Rank.R2>([widths[index]!, units], 0, Math.sqrt(2 / widths[index]!))),
      b: tf.variable(tf.zeros([units])),
    }));
  // leakyRelu has no second derivative in TF.js; this has.
  const leaky = (x: TfCore.Tensor): TfCore.Tensor => tf.add(tf.mul(tf.relu(x), 0.8), tf.mul(x, 0.2));
  const apply = (layers: Layer[], x: TfCore.Tensor): TfCore.Tensor =>
    layers.reduce((h, { w, b }, index) => {
      const y = tf.add(tf.matMul(h as TfCore.Tensor2D, w as TfCore.Tensor2D), b);
      return index < layers.length - 1 ? leaky(y) : y;
    }, x);
  const critic = network([features, ...hidden, 1]);
  const generator = network([latent, ...hidden, features]);
  const table = tf.randomNormal([rows, features]);
  const variables = critic.flatMap(({ w, b }) => [w, b]);
  // TF.js divides by beta1 to the power of the step: a beta1 of zero makes it NaN.
  const adam = tf.train.adam(1e-4, 1e-4, 0.9, 1e-8);

  const loss = (): TfCore.Scalar => {
    const x = tf.gather(table, tf.randomUniformInt<TfCore.Rank.R1>([batch], 0, rows));
    const fake = apply(generator, tf.randomNormal([batch, latent]));
    const t = tf.randomUniform([batch, 1]);
    const mixed = tf.add(fake, tf.mul(t, tf.sub(x, fake)));
    const g = tf.grad((at) => tf.sum(apply(critic, at)))(mixed);
    const norm = tf.sqrt(tf.add(tf.sum(tf.square(g), 1), 1e-12));
    const penalty = tf.mul(tf.mean(tf.square(tf.sub(norm, 1))), 10);
    const estimate = tf.sub(tf.mean(apply(critic, x)), tf.mean(apply(critic, fake)));
    return tf.sub(penalty, estimate);
  };
  const step = (): void =>
    tf.tidy(() => {
      const { grads, value } = tf.variableGrads(loss, variables);
      adam.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
      value.dataSync();
    });
  return {
    name,
    description,
    run: async (steps) => {
      await tf.setBackend(backend);
      return timed(steps, () => {
        for (let index = 0; index < steps; index++) step();
        return Promise.resolve();
      });
    },
    close: () => {
      tf.disposeVariables();
      return Promise.resolve();
    },
  };
}

export async function loadWasm(): Promise<TfjsEngine> {
  const tf = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-backend-wasm');
  // The package's own entry leaves the gradients out, and its folders want to be found as `require` finds them.
  createRequire(import.meta.url)('@tensorflow/tfjs-core/dist/register_all_gradients.js');
  tf.env().set('IS_TEST', true);
  if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend of TF.js does not start');
  const description = `@tensorflow/tfjs-core ${tf.version_core}, backend wasm`;
  return { name: 'tfjs-wasm', description, tf, backend: 'wasm' };
}
