import { answerQuestions } from '../../base/thread.ts';
import { silence } from '../onnxruntime/cpu-session.ts';
import { calls } from './calls.ts';

silence();
answerQuestions(calls);
