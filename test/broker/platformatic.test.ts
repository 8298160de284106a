import { describePromises } from './promises.ts';

describePromises('platformatic');
