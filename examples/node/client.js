// Fits a process from Node.js over TLS with a token, and asks for the thresholds to trade it at.
// TOKEN=... node client.js HOST:PORT meanrev.proto ca.pem
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, proto, ca] = process.argv.slice(2);
const definition = loader.loadSync(proto, { keepCase: true, longs: Number, defaults: true });
const { MeanRevService } = grpc.loadPackageDefinition(definition).meanrev;

const token = grpc.credentials.createFromMetadataGenerator((_, done) => {
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${process.env.TOKEN}`);
  done(null, metadata);
});
const encrypted = grpc.credentials.createSsl(fs.readFileSync(ca));
const client = new MeanRevService(address, grpc.credentials.combineChannelCredentials(encrypted, token));

// Reverts to 100; a wave in place of noise, so that the numbers are the same everywhere.
const prices = [105];
for (let t = 1; t < 400; t += 1) {
  prices.push(100 + 0.9 * (prices[t - 1] - 100) + Math.sin(1.7 * t) + Math.cos(0.3 * t * t));
}

const lastEstimate = () =>
  new Promise((resolve, reject) => {
    let last = null;
    const call = client.EstimateOUParams();
    call.on('data', (estimate) => {
      last = estimate;
    });
    call.on('error', reject);
    call.on('end', () => resolve(last));
    prices.forEach((price) => call.write({ asset_id: 'KO-PEP', price }));
    call.end();
  });

const unary = (method, request) =>
  new Promise((resolve, reject) => {
    client[method](request, (error, reply) => (error ? reject(error) : resolve(reply)));
  });

async function main() {
  const fit = await lastEstimate();
  console.log(`${fit.asset_id}: half-life ${fit.half_life.toFixed(2)} bars, mean ${fit.mu.toFixed(2)}`);
  const levels = await unary('OptimalThresholds', {
    ou_params: { theta: fit.theta, mu: fit.mu, sigma: fit.sigma },
    transaction_cost: 0.1,
    optimization_objective: 'sharpe',
  });
  console.log(`enter at z = ${levels.entry_zscore.toFixed(2)}, leave at ${levels.exit_zscore.toFixed(2)}`);
  await unary('ComputeLogReturns', { prices: [1, -1] }).catch((error) => {
    console.log(`refused with status ${error.code}: ${error.details.split(',')[0]}`);
  });
  client.close();
}

main().catch((error) => {
  console.error(`${error}`);
  process.exitCode = 1;
});
