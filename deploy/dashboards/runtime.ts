import { dashboard, heatmap, series, table } from './panels.ts';
import { mean, of, orNought, quantile, rate, sum, sumOrZero } from './promql.ts';

const instance = '{{instance}}';

export const runtime = dashboard({
  name: 'runtime',
  title: 'Runtime',
  description: 'What the processes use: cores, memory, the event loop, batches, models.',
  rows: [
    {
      title: 'The process',
      panels: [
        series({
          title: 'Cores in use',
          description: 'CPU seconds per second. At the limit of its container the process is slowed down.',
          queries: [{ expr: rate('process_cpu_seconds_total'), legend: instance }],
        }),
        series({
          title: 'Memory',
          description: 'Resident memory, and the part of it that JavaScript has in use; models lie outside it.',
          unit: 'bytes',
          queries: [
            { expr: of('process_resident_memory_bytes'), legend: `${instance}, resident` },
            { expr: of('nodejs_heap_size_used_bytes'), legend: `${instance}, JavaScript` },
          ],
        }),
        series({
          title: 'Event loop lag',
          description:
            'How late timers run: above some tens of milliseconds, something holds the process up, such as explanations.',
          unit: 's',
          queries: [
            { expr: of('nodejs_eventloop_lag_p50_seconds'), legend: `${instance}, median` },
            { expr: of('nodejs_eventloop_lag_p99_seconds'), legend: `${instance}, 99 %` },
          ],
        }),
        series({
          title: 'Garbage collection',
          description: 'Share of the time that goes into it, by kind, of all processes together.',
          unit: 'percentunit',
          queries: [{ expr: sum(rate('nodejs_gc_duration_seconds_sum'), 'kind'), legend: '{{kind}}' }],
        }),
        series({
          title: 'Open files and connections',
          description: 'File descriptors; the limit is aristarch_process_max_fds.',
          queries: [{ expr: of('process_open_fds'), legend: instance }],
        }),
        series({
          title: 'Requests in work',
          description: 'Requests that are being worked on, and rows that wait for an inference.',
          queries: [
            { expr: sum(of('requests_in_flight'), 'transport'), legend: '{{transport}}' },
            { expr: sum(of('queue_rows')), legend: 'rows that wait' },
            { expr: sum(of('calls_open')), legend: 'calls that have begun' },
          ],
        }),
        series({
          title: 'Bytes of messages that are held',
          description:
            'Of callers over gRPC: messages that are not whole, those of unary calls that are not over, and compressed ones until they are answered. Beyond 256 MiB, or four of the largest messages, further ones are refused.',
          unit: 'bytes',
          queries: [{ expr: of('calls_held_bytes'), legend: instance }],
        }),
      ],
    },
    {
      title: 'Batches and models',
      panels: [
        heatmap({
          title: 'Rows of one inference',
          description: 'Callers that come together are scored together: the busier, the larger.',
          queries: [{ expr: sum(rate('batch_rows_bucket'), 'le'), legend: '{{le}}' }],
        }),
        series({
          title: 'Mean rows of one inference',
          description: 'The same, as one number.',
          queries: [{ expr: mean('batch_rows'), legend: 'rows' }],
        }),
        series({
          title: 'Models opened and closed',
          description:
            'Loads by outcome, and models closed to make room; many of both: --max-loaded-models is too small.',
          unit: 'cps',
          queries: [
            { expr: sumOrZero(rate('model_loads_total')), legend: 'opened' },
            { expr: sum(rate('model_evictions_total')), legend: 'closed for room' },
          ],
        }),
        series({
          title: 'Open models',
          description: 'Models that are open, by process.',
          queries: [{ expr: of('models_open'), legend: instance }],
        }),
        series({
          title: 'Time to open a model',
          description: 'Self-test included; the first request for a model that is not open waits for it.',
          unit: 's',
          queries: [{ expr: quantile(0.99, 'model_load_duration_seconds'), legend: '99 %' }],
        }),
        heatmap({
          title: 'Rows of one request',
          description: 'What callers send at a time, and batches of events.',
          queries: [{ expr: sum(rate('request_rows_bucket'), 'le'), legend: '{{le}}' }],
        }),
        table({
          title: 'Devices',
          description: 'Which execution provider was proven to run the models, and in how many processes.',
          queries: [{ expr: `count by (device) (${of('device_info')})` }],
        }),
        table({
          title: 'Where inferences are computed',
          description:
            'By model: inline on the thread that answers calls, in the inference thread (worker), or by their size (split).',
          queries: [{ expr: `count by (name, inference) (${of('model_info')})` }],
        }),
        series({
          title: 'Inference threads lost',
          description:
            'In 15 minutes; what they computed was refused, and each was replaced. Any is worth a look into the log.',
          queries: [{ expr: `increase(${of('inference_thread_losses_total')}[15m])`, legend: instance }],
        }),
        table({
          title: 'Builds',
          description: 'Which Aristarch runs on which Node.',
          queries: [{ expr: `count by (version, node) (${of('build_info')})` }],
        }),
        series({
          title: 'Time to start',
          description: 'From the configuration read to ready.',
          unit: 's',
          queries: [{ expr: of('start_duration_seconds'), legend: instance }],
        }),
      ],
    },
    {
      title: 'Beside scoring',
      panels: [
        series({
          title: 'Workers',
          description: 'Processes that share the gRPC port (--workers), and those that were lost and replaced.',
          queries: [
            { expr: of('workers'), legend: instance },
            { expr: `increase(${of('worker_losses_total')}[15m])`, legend: `${instance}, lost in 15 minutes` },
          ],
        }),
        series({
          title: 'Made-up rows',
          description: 'Rows that requests for samples got, and such requests in work.',
          queries: [
            { expr: sum(rate('rows_sampled_total')), legend: 'rows a second' },
            { expr: sum(of('samples_in_flight')), legend: 'requests in work' },
          ],
        }),
        series({
          title: 'Requests for made-up rows',
          description: 'By outcome: OK, or the error code (docs/errors.md).',
          unit: 'reqps',
          queries: [{ expr: orNought(sum(rate('sample_requests_total'), 'code')), legend: '{{code}}' }],
        }),
        series({
          title: 'Spans of traces',
          description: 'Sent, or dropped, by reason; nothing where traces go nowhere (docs/tracing.md).',
          unit: 'cps',
          queries: [{ expr: orNought(sum(rate('trace_spans_total'), 'outcome')), legend: '{{outcome}}' }],
        }),
      ],
    },
  ],
});
