import { onOff, text, wholeNumber } from '../../base/setting-schemas.ts';
import { defineSettings } from '../../base/settings.ts';

/** Settings of many models in one process; docs/models.md. */
export const MODELS_SETTINGS = defineSettings({
  models: {
    schema: text().optional(),
    flag: '--models <folder>',
    env: 'ARISTARCH_MODELS',
    help: 'folder of many models, NAME/VERSION/, instead of --model; they are opened when they are asked for, and change while the server runs',
    group: 'Models',
  },
  defaultModel: {
    schema: text().optional(),
    flag: '--default-model <name>',
    env: 'ARISTARCH_DEFAULT_MODEL',
    help: 'model of requests that name none, opened at the start; the only one, where there is one, when absent',
    group: 'Models',
  },
  modelField: {
    schema: text().optional(),
    flag: '--model-field <name>',
    env: 'ARISTARCH_MODEL_FIELD',
    help: 'field of a record that names its model (a tenant, a machine type), for requests that name none and for events; the default model where its value is missing',
    group: 'Models',
  },
  maxLoadedModels: {
    schema: wholeNumber({ min: 1 }),
    default: 100,
    flag: '--max-loaded-models <count>',
    env: 'ARISTARCH_MAX_LOADED_MODELS',
    help: 'most models that stay open; beyond it the one that was longest not used is closed',
    unit: 'models',
    source: 'docs/models.md',
    group: 'Models',
  },
  modelsPollMs: {
    schema: wholeNumber({ min: 0, max: 2 ** 31 - 1 }),
    default: 5_000,
    flag: '--models-poll-ms <ms>',
    env: 'ARISTARCH_MODELS_POLL_MS',
    help: 'time between two looks at the folder of --models; what has changed is served once two looks have found the same; 0 looks only when LoadModel asks',
    unit: 'ms',
    group: 'Models',
  },
  adminCalls: {
    schema: onOff(),
    default: false,
    flag: '--admin-calls <on|off>',
    env: 'ARISTARCH_ADMIN_CALLS',
    help: 'whether LoadModel and UnloadModel are answered: to callers with the role admin, or to anybody where neither --tokens, --jwks nor --tls-client-ca asks who calls',
    group: 'Models',
  },
});
