// Drives the two AXI4-Streams of a design in Verilator and compares every output beat.
//
//   Vtop INPUTS OUTPUTS [--ready-percent P] [--valid-percent P] [--seed S]
//                       [--timeout-cycles N] [--drain-cycles N]
//
// INPUTS holds a beat a line, `HEXDATA LAST`; OUTPUTS the beats to expect, `HEXDATA LAST USER`.
// Lines that begin with `//` are comments. P below 100 stalls a stream at random.
// The result is one line of JSON; exit status 0 if all is as expected, 1 if not, 2 for bad arguments.
//
// Cycle 1 is the first clock after reset. Registers start at random values, so a forgotten reset shows.

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "Vtop.h"
#include "verilated.h"

namespace {

struct Beat {
    uint64_t data = 0;
    bool last = false;
    bool user = false;
    bool operator==(const Beat& other) const {
        return data == other.data && last == other.last && user == other.user;
    }
};

struct Options {
    std::string inputs, outputs;
    uint64_t ready_percent = 100;
    uint64_t valid_percent = 100;
    uint64_t seed = 0;
    uint64_t timeout_cycles = 100000;
    uint64_t drain_cycles = 10000;
};

[[noreturn]] void refuse(const std::string& reason) {
    std::cerr << "testbench: " << reason << "\n";
    std::exit(2);
}

uint64_t parse_number(const std::string& name, const std::string& text) {
    const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || text.size() > 18) refuse(name + " needs a number, not '" + text + "'");
    return std::stoull(text);
}

uint64_t* option(Options& options, const std::string& name) {
    if (name == "--ready-percent") return &options.ready_percent;
    if (name == "--valid-percent") return &options.valid_percent;
    if (name == "--seed") return &options.seed;
    if (name == "--timeout-cycles") return &options.timeout_cycles;
    if (name == "--drain-cycles") return &options.drain_cycles;
    refuse("unknown option " + name);
}

void check_percent(const std::string& name, uint64_t percent) {
    if (percent < 1 || percent > 100) refuse(name + " is not between 1 and 100");
}

Options parse_arguments(int argc, char** argv) {
    if (argc < 3) refuse("usage: Vtop INPUTS OUTPUTS [--OPTION NUMBER]...");
    Options options;
    options.inputs = argv[1];
    options.outputs = argv[2];
    for (int i = 3; i < argc; i += 2) {
        uint64_t* const place = option(options, argv[i]);
        *place = parse_number(argv[i], i + 1 < argc ? argv[i + 1] : "");
    }
    check_percent("--ready-percent", options.ready_percent);
    check_percent("--valid-percent", options.valid_percent);
    return options;
}

std::vector<Beat> read_beats(const std::string& path, bool with_user) {
    std::ifstream file(path);
    if (!file) refuse("cannot read " + path);
    std::vector<Beat> beats;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        if (line.empty() || line.compare(0, 2, "//") == 0) continue;
        std::istringstream words(line);
        Beat beat;
        words >> std::hex >> beat.data >> beat.last;
        if (with_user) words >> beat.user;
        const bool whole = words && (words >> std::ws).eof();
        if (!whole) refuse(path + ":" + std::to_string(number) + ": not a beat: " + line);
        beats.push_back(beat);
    }
    // Comparing nothing would pass.
    if (beats.empty()) refuse(path + " holds no beat");
    return beats;
}

std::string json(const Beat* beat) {
    if (!beat) return "null";
    std::ostringstream text;
    text << "{\"data\": \"" << std::hex << beat->data << "\", \"last\": " << beat->last
         << ", \"user\": " << beat->user << "}";
    return text.str();
}

class Bench {
public:
    Bench(VerilatedContext& context, const Options& options)
        : options_(options),
          inputs_(read_beats(options.inputs, false)),
          outputs_(read_beats(options.outputs, true)),
          random_(options.seed),
          dut_(&context) {}

    bool run() {
        reset();
        while (unfinished() && !timeout_) {
            step();
            timeout_ = cycle_ - last_move_ >= options_.timeout_cycles;
        }
        for (uint64_t i = 0; i < options_.drain_cycles && !timeout_; ++i) step();
        dut_.final();
        return mismatches_ == 0 && !timeout_;
    }

    void print() const {
        std::cout << "{\"beats_in\": " << taken_ << ", \"beats_out\": " << given_
                  << ", \"packets_out\": " << packets_ << ", \"mismatches\": " << mismatches_
                  << ", \"cycles_total\": " << last_output_
                  << ", \"first_mismatch\": " << first_mismatch_ << ", \"packet_cycles\": [";
        for (size_t i = 0; i < packet_cycles_.size(); ++i)
            std::cout << (i ? ", " : "") << packet_cycles_[i];
        std::cout << "], \"timeout\": " << (timeout_ ? "true" : "false") << "}\n";
    }

private:
    static constexpr int kResetCycles = 4;
    static constexpr size_t kPacketCycles = 8;

    bool unfinished() const { return taken_ < inputs_.size() || given_ < outputs_.size(); }
    bool chance(uint64_t percent) { return random_() % 100 < percent; }

    void reset() {
        dut_.clk = 0;
        dut_.rst = 1;
        dut_.s_axis_tdata = 0;
        dut_.s_axis_tlast = 0;
        dut_.s_axis_tvalid = 0;
        dut_.m_axis_tready = 0;
        for (int i = 0; i < kResetCycles; ++i) {
            dut_.eval();
            rise();
        }
        dut_.rst = 0;
    }

    // The clock falls with the inputs of the next cycle: nothing looks at that edge.
    void rise() {
        dut_.clk = 1;
        dut_.eval();
        dut_.clk = 0;
    }

    // One cycle: drive, let the logic settle, see who moves at the coming clock edge, then the edge.
    void step() {
        ++cycle_;
        drive_input();
        dut_.m_axis_tready = chance(options_.ready_percent);
        dut_.eval();
        watch_input();
        watch_output();
        rise();
    }

    // Once offered, a beat stays as it is until it is taken.
    void drive_input() {
        offered_ = offered_ || (taken_ < inputs_.size() && chance(options_.valid_percent));
        dut_.s_axis_tvalid = offered_;
        // What is not valid is noise, so that a design that looks at it shows.
        dut_.s_axis_tdata = offered_ ? inputs_[taken_].data : random_();
        dut_.s_axis_tlast = offered_ ? inputs_[taken_].last : random_() & 1;
    }

    void watch_input() {
        if (!offered_ || !dut_.s_axis_tready) return;
        offered_ = false;
        ++taken_;
        last_move_ = cycle_;
    }

    void watch_output() {
        const Beat beat{dut_.m_axis_tdata, dut_.m_axis_tlast != 0, dut_.m_axis_tuser != 0};
        const bool valid = dut_.m_axis_tvalid;
        if (waiting_ && !(valid && beat == held_)) fail("unstable", &held_, valid ? &beat : nullptr);
        waiting_ = valid && !dut_.m_axis_tready;
        held_ = beat;
        if (valid && dut_.m_axis_tready) accept(beat);
    }

    void accept(const Beat& beat) {
        const Beat* const expected = given_ < outputs_.size() ? &outputs_[given_] : nullptr;
        if (!expected) fail("extra", nullptr, &beat);
        if (expected && !(beat == *expected)) fail("value", expected, &beat);
        ++given_;
        last_move_ = last_output_ = cycle_;
        if (!beat.last) return;
        ++packets_;
        if (packet_cycles_.size() < kPacketCycles) packet_cycles_.push_back(cycle_);
    }

    void fail(const char* kind, const Beat* expected, const Beat* got) {
        if (mismatches_++) return;
        std::ostringstream text;
        text << "{\"kind\": \"" << kind << "\", \"beat\": " << given_ << ", \"cycle\": " << cycle_
             << ", \"expected\": " << json(expected) << ", \"got\": " << json(got) << "}";
        first_mismatch_ = text.str();
    }

    const Options options_;
    const std::vector<Beat> inputs_, outputs_;
    std::mt19937_64 random_;
    Vtop dut_;

    uint64_t cycle_ = 0, last_move_ = 0, last_output_ = 0;
    size_t taken_ = 0, given_ = 0;
    uint64_t packets_ = 0, mismatches_ = 0;
    std::vector<uint64_t> packet_cycles_;
    std::string first_mismatch_ = "null";
    bool offered_ = false, waiting_ = false, timeout_ = false;
    Beat held_;
};

}  // namespace

int main(int argc, char** argv) {
    const Options options = parse_arguments(argc, argv);
    VerilatedContext context;
    context.randReset(2);
    // Seed 0 would make Verilator choose a seed of its own.
    context.randSeed(static_cast<int>(options.seed % 1000000) + 1);
    Bench bench(context, options);
    const bool passed = bench.run();
    bench.print();
    return passed ? 0 : 1;
}
