import { PASS_THROUGH, type PassThroughJob } from './pass-through.ts';

// Started by `openPassThrough`: takes jobs, answers runs, and ends when its parent does.
process.on('message', (job: PassThroughJob) => {
  PASS_THROUGH[job.client](job).then(
    (run) => process.send?.({ run }),
    (thrown: unknown) => process.send?.({ error: String(thrown) }),
  );
});
