// A client that costs the same whichever server answers. Prints one JSON object a measurement; times are in seconds.
//   load unary ADDRESS DOUBLES CLIENTS CALLS      calls from as many threads, each with its own connection
//   load thresholds ADDRESS CLIENTS CALLS         small computations, likewise
//   load stream ADDRESS MESSAGES PRICES EVERY     a stream as fast as it goes: PRICES a message, a reply to EVERY
//   load turns ADDRESS MESSAGES                   a stream where each price waits for the reply to the one before
//   load open ADDRESS STREAMS A_CONNECTION        idle streams; each line of stdin is a number of unary calls beside
//   load sweep ADDRESS BARS SERIES CALLS OPTIONS  whole sweeps, OPTIONS being their JSON
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "meanrev.grpc.pb.h"
#include "research.grpc.pb.h"

namespace {

using Clock = std::chrono::steady_clock;
using Service = meanrev::MeanRevService::Stub;
using Arguments = std::vector<std::string>;

constexpr int kWarmUp = 20;

double Since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

void Require(const grpc::Status& status) {
  if (status.ok()) return;
  std::cerr << "status " << status.error_code() << ": " << status.error_message() << std::endl;
  std::_Exit(1);
}

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // or channels to one address would share a connection
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

void Print(std::vector<double> taken, double whole) {
  std::sort(taken.begin(), taken.end());
  const auto at = [&](double share) { return taken[static_cast<size_t>(share * (taken.size() - 1))]; };
  std::printf("{\"p50\": %.9g, \"p99\": %.9g, \"a_call\": %.9g}\n", at(0.5), at(0.99), whole / taken.size());
  std::fflush(stdout);
}

meanrev::ReturnsRequest Returns(int doubles) {
  meanrev::ReturnsRequest request;
  for (int i = 0; i < doubles; ++i) request.add_prices(100.0 + std::sin(i));
  return request;
}

double OneUnary(Service& service, const meanrev::ReturnsRequest& request) {
  grpc::ClientContext context;
  meanrev::ReturnsResponse reply;
  const auto began = Clock::now();
  Require(service.ComputeLogReturns(&context, request, &reply));
  return Since(began);
}

double OneThreshold(Service& service, int number) {
  grpc::ClientContext context;
  meanrev::ThresholdRequest request;
  meanrev::ThresholdResponse reply;
  request.mutable_ou_params()->set_theta(0.1 + 0.001 * number);
  request.mutable_ou_params()->set_sigma(1.0);
  request.set_transaction_cost(0.05);
  const auto began = Clock::now();
  Require(service.OptimalThresholds(&context, request, &reply));
  return Since(began);
}

void FromThreads(const std::string& address, int clients, int calls, std::function<double(Service&, int)> call) {
  std::vector<std::unique_ptr<Service>> services;
  for (int i = 0; i < clients; ++i) {
    services.push_back(meanrev::MeanRevService::NewStub(Connect(address)));
    for (int j = 0; j < kWarmUp; ++j) call(*services[i], j);
  }
  std::vector<std::vector<double>> taken(clients);
  std::vector<std::thread> threads;
  const auto began = Clock::now();
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < calls / clients; ++j) taken[i].push_back(call(*services[i], i * calls + j));
    });
  }
  for (auto& thread : threads) thread.join();
  const double whole = Since(began);
  std::vector<double> all;
  for (const auto& some : taken) all.insert(all.end(), some.begin(), some.end());
  Print(all, whole);
}

meanrev::PriceUpdate Update(int prices) {
  meanrev::PriceUpdate update;
  update.set_asset_id("A");
  update.set_price(100.0);
  if (prices > 1) {
    for (int i = 0; i < prices; ++i) update.add_prices(100.0 + std::sin(0.7 * i));
  }
  return update;
}

void Stream(const std::string& address, int messages, int prices, int every) {
  const auto service = meanrev::MeanRevService::NewStub(Connect(address));
  grpc::ClientContext context;
  auto stream = service->EstimateOUParams(&context);
  auto update = Update(prices);
  update.set_metadata("{\"emit_every\": " + std::to_string(every) + "}");
  long replies = 0;
  const auto began = Clock::now();
  std::thread reader([&] {
    meanrev::OuEstimate estimate;
    while (stream->Read(&estimate)) ++replies;
  });
  for (int i = 0; i < messages; ++i) {
    update.set_price(100.0 + std::sin(0.7 * i));
    if (!stream->Write(update)) break;
    if (i == 0) update.clear_metadata();
  }
  stream->WritesDone();
  reader.join();
  Require(stream->Finish());
  std::printf("{\"a_message\": %.9g, \"replies\": %ld}\n", Since(began) / messages, replies);
}

void Turns(const std::string& address, int messages) {
  const auto service = meanrev::MeanRevService::NewStub(Connect(address));
  grpc::ClientContext context;
  auto stream = service->EstimateOUParams(&context);
  auto update = Update(1);
  meanrev::OuEstimate estimate;
  std::vector<double> taken;
  const auto began = Clock::now();
  for (int i = 0; i < messages; ++i) {
    const auto sent = Clock::now();
    update.set_price(100.0 + std::sin(0.7 * i));
    if (!stream->Write(update) || !stream->Read(&estimate)) break;
    taken.push_back(Since(sent));
  }
  const double whole = Since(began);
  stream->WritesDone();
  Require(stream->Finish());
  Print(taken, whole);
}

void Open(const std::string& address, int streams, int a_connection) {
  struct Held {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReaderWriter<meanrev::PriceUpdate, meanrev::OuEstimate>> stream;
  };
  const auto service = meanrev::MeanRevService::NewStub(Connect(address));
  const auto request = Returns(1000);
  for (int i = 0; i < kWarmUp; ++i) OneUnary(*service, request);
  std::vector<std::unique_ptr<Service>> services;
  std::vector<std::unique_ptr<Held>> all;
  meanrev::OuEstimate estimate;
  std::string line;
  std::puts("{\"open\": 0}");
  std::fflush(stdout);
  for (bool opened = false; std::getline(std::cin, line);) {
    if (line == "open" && !opened) {
      opened = true;
      for (int i = 0; i < streams; ++i) {
        if (i % a_connection == 0) services.push_back(meanrev::MeanRevService::NewStub(Connect(address)));
        all.push_back(std::make_unique<Held>());
        all.back()->stream = services.back()->EstimateOUParams(&all.back()->context);
        if (!all.back()->stream->Write(Update(1)) || !all.back()->stream->Read(&estimate)) {
          Require(all.back()->stream->Finish());
        }
      }
      std::printf("{\"open\": %zu}\n", all.size());
      std::fflush(stdout);
      continue;
    }
    std::vector<double> taken;
    const auto began = Clock::now();
    for (int i = std::atoi(line.c_str()); i > 0; --i) taken.push_back(OneUnary(*service, request));
    Print(taken, Since(began));
  }
  for (const auto& held : all) {
    held->stream->WritesDone();
    Require(held->stream->Finish());
  }
}

meanrev::MatrixChunk Chunk(int bars, int series, const std::string& options) {
  meanrev::MatrixChunk chunk;
  chunk.set_metadata(options);
  chunk.mutable_block()->set_rows(bars);
  chunk.mutable_block()->set_cols(series);
  auto* values = chunk.mutable_block()->mutable_values();
  std::mt19937_64 source(0);
  std::normal_distribution<double> step(0, 0.01);
  std::vector<double> logs(series, std::log(100.0));
  for (int bar = 0; bar < bars; ++bar) {
    for (double& log : logs) values->Add(std::exp(log += step(source)));
  }
  return chunk;
}

void Sweep(const std::string& address, int bars, int series, int calls, const std::string& options) {
  const auto service = meanrev::MeanRevResearch::NewStub(Connect(address));
  const auto chunk = Chunk(bars, series, options);
  std::vector<double> taken;
  const auto began = Clock::now();
  for (int i = 0; i <= calls; ++i) {
    grpc::ClientContext context;
    meanrev::SweepReply reply;
    const auto sent = Clock::now();
    auto stream = service->SweepThresholds(&context);
    stream->Write(chunk);
    stream->WritesDone();
    while (stream->Read(&reply)) {
    }
    Require(stream->Finish());
    if (i) taken.push_back(Since(sent));
  }
  Print(taken, Since(began));
}

}  // namespace

int main(int count, char** given) {
  const Arguments a(given + 1, given + count);
  if (a.size() < 3) return 2;
  const auto number = [&](size_t i) { return std::atoi(a.at(i).c_str()); };
  const std::map<std::string, std::function<void()>> kinds = {
      {"unary",
       [&] {
         const auto request = Returns(number(2));
         FromThreads(a[1], number(3), number(4), [&](Service& service, int) { return OneUnary(service, request); });
       }},
      {"thresholds", [&] { FromThreads(a[1], number(2), number(3), OneThreshold); }},
      {"stream", [&] { Stream(a[1], number(2), number(3), number(4)); }},
      {"turns", [&] { Turns(a[1], number(2)); }},
      {"open", [&] { Open(a[1], number(2), number(3)); }},
      {"sweep", [&] { Sweep(a[1], number(2), number(3), number(4), a.at(5)); }},
  };
  const auto found = kinds.find(a[0]);
  if (found == kinds.end()) return 2;
  found->second();
}
