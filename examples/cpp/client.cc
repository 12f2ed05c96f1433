// Fits a process from C++ over TLS with a token, and asks for the thresholds to trade it at.
// TOKEN=... client HOST:PORT ca.pem
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "meanrev.grpc.pb.h"

namespace {

// Reverts to 100; a wave in place of noise, so that the numbers are the same everywhere.
std::vector<double> simulated() {
  std::vector<double> prices{105.0};
  for (int t = 1; t < 400; ++t) {
    prices.push_back(100 + 0.9 * (prices.back() - 100) + std::sin(1.7 * t) + std::cos(0.3 * t * t));
  }
  return prices;
}

std::unique_ptr<grpc::ClientContext> context() {
  auto made = std::make_unique<grpc::ClientContext>();
  made->AddMetadata("authorization", std::string("Bearer ") + std::getenv("TOKEN"));
  return made;
}

int failed(const grpc::Status& status) {
  std::fprintf(stderr, "status %d: %s\n", status.error_code(), status.error_message().c_str());
  return 1;
}

}  // namespace

int main(int count, char** words) {
  if (count != 3 || std::getenv("TOKEN") == nullptr) {
    std::fprintf(stderr, "usage: TOKEN=... client HOST:PORT ca.pem\n");
    return 2;
  }
  std::stringstream authority;
  authority << std::ifstream(words[2]).rdbuf();
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = authority.str();
  auto stub = meanrev::MeanRevService::NewStub(grpc::CreateChannel(words[1], grpc::SslCredentials(tls)));

  auto streaming = context();
  auto stream = stub->EstimateOUParams(streaming.get());
  meanrev::OuEstimate fit;
  for (double price : simulated()) {
    meanrev::PriceUpdate update;
    update.set_asset_id("KO-PEP");
    update.set_price(price);
    if (!stream->Write(update) || !stream->Read(&fit)) break;
  }
  stream->WritesDone();
  if (const auto status = stream->Finish(); !status.ok()) return failed(status);
  std::printf("%s: half-life %.2f bars, mean %.2f\n", fit.asset_id().c_str(), fit.half_life(), fit.mu());

  meanrev::ThresholdRequest wanted;
  wanted.mutable_ou_params()->set_theta(fit.theta());
  wanted.mutable_ou_params()->set_mu(fit.mu());
  wanted.mutable_ou_params()->set_sigma(fit.sigma());
  wanted.set_transaction_cost(0.1);
  wanted.set_optimization_objective("sharpe");
  meanrev::ThresholdResponse levels;
  auto asking = context();
  if (const auto status = stub->OptimalThresholds(asking.get(), wanted, &levels); !status.ok()) return failed(status);
  std::printf("enter at z = %.2f, leave at %.2f\n", levels.entry_zscore(), levels.exit_zscore());
  return 0;
}
