// Calls four methods from Node and prints the replies as one JSON object: node calls.js HOST:PORT meanrev.proto
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, proto] = process.argv.slice(2);
const definition = loader.loadSync(proto, { keepCase: true, longs: Number, defaults: true });
const { MeanRevService } = grpc.loadPackageDefinition(definition).meanrev;
const client = new MeanRevService(address, grpc.credentials.createInsecure());

const unary = (method, request) =>
  new Promise((resolve, reject) => {
    client[method](request, (error, reply) => (error ? reject(error) : resolve(reply)));
  });

const stream = (method, requests) =>
  new Promise((resolve, reject) => {
    const replies = [];
    const call = client[method]();
    call.on('data', (reply) => replies.push(reply));
    call.on('error', reject);
    call.on('end', () => resolve(replies));
    requests.forEach((request) => call.write(request));
    call.end();
  });

const refused = (method, request) =>
  unary(method, request).then(
    () => null,
    (error) => ({ code: error.code, details: error.details, particulars: error.metadata.get('meanrev-error')[0] }),
  );

async function main() {
  const prices = [100, 101, 99, 100.5, 98.5, 100.2];
  const answers = {
    ComputeLogReturns: await unary('ComputeLogReturns', { prices }),
    OptimalThresholds: await unary('OptimalThresholds', {
      ou_params: { theta: 1, mu: 0, sigma: 1 },
      transaction_cost: 0.1,
      optimization_objective: 'profit',
    }),
    PcaPortfolios: await unary('PcaPortfolios', {
      returns_matrix: { rows: 4, cols: 2, values: [1, 1, -1, -1, 2, -2, -2, 2] },
    }),
    EstimateOUParams: await stream('EstimateOUParams', prices.map((price) => ({ asset_id: 'A', price }))),
    refused: await refused('ComputeLogReturns', { prices: [1, -1] }),
  };
  process.stdout.write(JSON.stringify(answers));
  client.close();
}

main().catch((error) => {
  process.stderr.write(`${error}\n`);
  process.exitCode = 1;
});
