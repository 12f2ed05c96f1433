// What gRPC itself costs: a C++ server with the same messages that computes nothing.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "meanrev.grpc.pb.h"

namespace {

constexpr int kLargestMessage = 64 << 20;

class Echo final : public meanrev::MeanRevService::Service {
  grpc::Status ComputeLogReturns(grpc::ServerContext*, const meanrev::ReturnsRequest* request,
                                 meanrev::ReturnsResponse* reply) override {
    *reply->mutable_log_returns() = request->prices();
    reply->set_mean_return(1.0);
    reply->set_std_return(1.0);
    reply->set_n_periods(request->prices_size());
    return grpc::Status::OK;
  }

  grpc::Status OptimalThresholds(grpc::ServerContext*, const meanrev::ThresholdRequest*,
                                 meanrev::ThresholdResponse* reply) override {
    reply->set_entry_zscore(1.0);
    return grpc::Status::OK;
  }

  grpc::Status EstimateOUParams(
      grpc::ServerContext*, grpc::ServerReaderWriter<meanrev::OuEstimate, meanrev::PriceUpdate>* stream) override {
    meanrev::PriceUpdate update;
    meanrev::OuEstimate estimate = Estimate();
    long every = 0, unreported = 0;
    while (stream->Read(&update)) {
      if (every == 0) every = Every(update.metadata());
      if (++unreported >= every) {
        stream->Write(estimate);
        unreported = 0;
      }
    }
    if (unreported) stream->Write(estimate);
    return grpc::Status::OK;
  }

  // The first number of the metadata, which holds emit_every alone.
  static long Every(const std::string& metadata) {
    const auto digit = metadata.find_first_of("0123456789");
    return digit == std::string::npos ? 1 : std::atol(metadata.c_str() + digit);
  }

  // As many bytes as a true one.
  static meanrev::OuEstimate Estimate() {
    meanrev::OuEstimate estimate;
    const auto* fields = estimate.GetReflection();
    for (int i = 0; i < estimate.GetDescriptor()->field_count(); ++i) {
      const auto* field = estimate.GetDescriptor()->field(i);
      if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_DOUBLE) {
        fields->SetDouble(&estimate, field, 1.0 + i);
      }
    }
    estimate.set_n_samples(1);
    estimate.set_status("converged");
    return estimate;
  }
};

}  // namespace

int main() {
  Echo service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(kLargestMessage);
  builder.SetMaxSendMessageSize(kLargestMessage);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server) return 1;
  std::printf("listening on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  server->Wait();
}
