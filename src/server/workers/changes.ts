import type { ChangeableModels, Models, OpenModel } from '../models/port.ts';
import type { Channel } from '../../base/channel.ts';
import type { ChangeOrder, PrimaryCalls } from './contract.ts';

export interface WorkerChanges {
  /** The models as callers change them. */
  readonly changeable: ChangeableModels;
  /** Does what the primary says; answers the name of the model. */
  readonly change: (order: ChangeOrder) => Promise<string>;
}

/**
 * Models whose changes by calls are made by all workers: a caller cannot choose which of them it talks to. A worker makes no change by
 * itself; the primary tells all when, one change after the other, so that they come to the same in each.
 */
export function createChanges(models: Models, primary: Channel<PrimaryCalls>): WorkerChanges {
  const loadedBy = new Map<number, OpenModel>();
  let tickets = 0;
  return {
    changeable: {
      list: () => models.list(),
      load: async ({ model = '', version }) => {
        const ticket = ++tickets;
        try {
          await primary.ask('spread', { change: { load: { model, version } }, ticket });
          return loadedBy.get(ticket)!;
        } finally {
          loadedBy.delete(ticket);
        }
      },
      unload: async (model) => {
        await primary.ask('spread', { change: { unload: model } });
      },
    },
    change: async ({ change, ticket }) => {
      if ('unload' in change) {
        const name = change.unload === '' ? (models.defaultName ?? '') : change.unload;
        await models.unload(change.unload);
        return name;
      }
      const loaded = await models.load(change.load);
      if (ticket !== undefined) loadedBy.set(ticket, loaded);
      return loaded.description.name;
    },
  };
}
