/** A worker for trainer jobs in a process of its own, as in a fleet: `trainer-worker.ts TEMPORAL_ADDRESS S3_ENDPOINT FOLDER`; ends on SIGTERM. */
import { NativeConnection, Worker } from '@temporalio/worker';
import { TRAINER_QUEUE } from '#workflows/queues.ts';
import { contextForTests, storedActivities } from '../../support/stored-activities.ts';

const [address, endpoint, folder] = process.argv.slice(2) as [string, string, string];
const connection = await NativeConnection.connect({ address });
const { activities } = storedActivities(await contextForTests(folder, endpoint));
const worker = await Worker.create({ connection, taskQueue: TRAINER_QUEUE, activities });
process.once('SIGTERM', () => worker.shutdown());
const running = worker.run();
console.log('ready');
await running;
await connection.close();
process.exit();
