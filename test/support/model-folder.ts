import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { writeFileAtomic } from '../../src/base/files.ts';
import { add, multiply, negate, sqrt } from '../../src/graph/operations.ts';
import type { ArtefactContent } from '../../src/models/artefact/write.ts';
import { createCritic, sumOfSizes, writeTinyModel } from './tiny-model.ts';

export interface ModelFolder {
  readonly path: string;
  /** Writes NAME/VERSION, the tiny model whose scores are `factor` times the sum of a row's sizes; answers its folder. */
  write(
    model: string,
    version: string,
    factor: number,
    manifest?: Partial<ArtefactContent['manifest']>,
  ): Promise<string>;
  /** Writes the model's serving.json, as one moves a file into place. */
  rule(model: string, rules: object | string): Promise<void>;
  /** Writes a version whose scores are no numbers. */
  writeBroken(model: string, version: string): Promise<string>;
}

/** Real folders of many models, removed after each test. */
export function createModelFolderFixture(): () => Promise<ModelFolder> {
  const made: string[] = [];
  afterEach(() => Promise.all(made.splice(0).map((path) => rm(path, { recursive: true, force: true }))));
  return async () => {
    const path = await mkdtemp(join(tmpdir(), 'aristarch-models-'));
    made.push(path);
    const write = async (model: string, version: string, critic: Uint8Array, manifest = {}): Promise<string> => {
      const folder = join(path, model, version);
      await rm(folder, { recursive: true, force: true });
      return writeTinyModel(folder, { critic, manifest: { version: `artefact of ${version}`, ...manifest } });
    };
    return {
      path,
      write: (model, version, factor, manifest) =>
        write(
          model,
          version,
          createCritic(3, (rows) => multiply(sumOfSizes(rows), factor)),
          manifest,
        ),
      rule: (model, rules) =>
        writeFileAtomic(join(path, model, 'serving.json'), typeof rules === 'string' ? rules : JSON.stringify(rules)),
      writeBroken: (model, version) =>
        write(
          model,
          version,
          createCritic(3, (rows) => sqrt(negate(add(sumOfSizes(rows), 1)))),
        ),
    };
  };
}

/** A request of one packed row of the tiny model: amount, colour red, not paid; its score is the factor times the amount. */
export function tinyRow(amount: number): { readonly dense: { readonly width: 3; readonly values: readonly number[] } } {
  return { dense: { width: 3, values: [amount, 0, 0] } };
}
