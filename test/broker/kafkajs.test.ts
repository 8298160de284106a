import { describePromises } from './promises.ts';

describePromises('kafkajs');
