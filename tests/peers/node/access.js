// Calls a server with TLS and tokens, and prints what it answered as one JSON object:
// TOKEN=... node access.js HOST:PORT meanrev.proto ca.pem
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, proto, ca] = process.argv.slice(2);
const definition = loader.loadSync(proto, { keepCase: true, longs: Number, defaults: true });
const { MeanRevService } = grpc.loadPackageDefinition(definition).meanrev;
const encrypted = grpc.credentials.createSsl(fs.readFileSync(ca));

const withToken = (token) =>
  grpc.credentials.combineChannelCredentials(
    encrypted,
    grpc.credentials.createFromMetadataGenerator((_, done) => {
      const metadata = new grpc.Metadata();
      metadata.set('authorization', `Bearer ${token}`);
      done(null, metadata);
    }),
  );

const call = (credentials) =>
  new Promise((resolve) => {
    const client = new MeanRevService(address, credentials);
    client.ComputeLogReturns({ prices: [100, 101] }, { deadline: Date.now() + 30000 }, (error, reply) => {
      client.close();
      resolve(error ? { code: error.code, details: error.details } : { n_periods: reply.n_periods });
    });
  });

async function main() {
  const answers = {
    right: await call(withToken(process.env.TOKEN)),
    wrong: await call(withToken('x'.repeat(40))),
    none: await call(encrypted),
    plaintext: await call(grpc.credentials.createInsecure()),
    otherCa: await call(grpc.credentials.createSsl()),
  };
  process.stdout.write(JSON.stringify(answers));
}

main().catch((error) => {
  process.stderr.write(`${error}\n`);
  process.exitCode = 1;
});
