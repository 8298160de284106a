import type { ChangeableModels, Models } from '../models/port.ts';
import type { Channel } from './channel.ts';
import type { ModelChange, PrimaryCalls } from './contract.ts';

/** Models whose changes by calls are made by all workers: a caller cannot choose which of them it talks to. */
export function spreadChanges(models: Models, primary: Channel<PrimaryCalls>): ChangeableModels {
  return {
    list: () => models.list(),
    load: async ({ model, version }) => {
      const loaded = await models.load({ model, version });
      await primary.ask('spread', { load: { model: loaded.description.name, version } });
      return loaded;
    },
    unload: async (model) => {
      await models.unload(model);
      await primary.ask('spread', { unload: model === '' ? (models.defaultName ?? '') : model });
    },
  };
}

export async function applyChange(models: Models, change: ModelChange): Promise<void> {
  if ('load' in change) await models.load(change.load);
  else await models.unload(change.unload);
}
