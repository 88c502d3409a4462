// Drives the two AXI4-Streams of a design and compares every output beat: the same for each simulator.
//
//   PROGRAM INPUTS OUTPUTS [--OPTION NUMBER]...
//
// INPUTS holds a beat a line, `HEXDATA LAST`; OUTPUTS the beats to expect, `HEXDATA LAST USER`.
// Lines that begin with `//` are comments. A beat may be of any width.
//
//   --ready-percent P, --valid-percent P   below 100: how often a stream moves, at random
//   --pace-cycles N     every N cycles or so, each stream moves anew as often as it likes, from its P up
//   --resets N          so many times, anything that is under way is lost to the reset line ...
//   --reset-cycles N    ... at most so many cycles after it was lost before
//   --seed S, --timeout-cycles N, --drain-cycles N
//
// After a reset, the packets that are not answered to their last beat are sent again from their
// beginning. Cycle 1 is the first clock after the last reset.
//
// The result is one line of JSON; exit status 0 if all is as expected, 1 if not, 2 for bad arguments.
//
// What is not valid is noise, and so is everything while the design is in reset, so that a design that
// looks at it shows; its data have as many bytes as those of the beats. The same seed gives the same
// stimuli in every simulator.

#ifndef TESTBENCH_H
#define TESTBENCH_H

#include <array>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace testbench {

constexpr size_t kPieceBits = 64, kPieceDigits = kPieceBits / 4;

// The data of a beat in pieces of 64 bits, the low one first.
template <size_t Pieces>
using Data = std::array<uint64_t, Pieces>;

template <size_t Pieces>
struct Beat {
    Data<Pieces> data{};
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
    uint64_t pace_cycles = 0;
    uint64_t resets = 0;
    uint64_t reset_cycles = 1000;
    uint64_t seed = 0;
    uint64_t timeout_cycles = 100000;
    uint64_t drain_cycles = 10000;
};

[[noreturn]] inline void refuse(const std::string& reason) {
    std::cerr << "testbench: " << reason << "\n";
    std::exit(2);
}

inline uint64_t parse_number(const std::string& name, const std::string& text) {
    const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || text.size() > 18) refuse(name + " needs a number, not '" + text + "'");
    return std::stoull(text);
}

inline uint64_t* option(Options& options, const std::string& name) {
    if (name == "--ready-percent") return &options.ready_percent;
    if (name == "--valid-percent") return &options.valid_percent;
    if (name == "--pace-cycles") return &options.pace_cycles;
    if (name == "--resets") return &options.resets;
    if (name == "--reset-cycles") return &options.reset_cycles;
    if (name == "--seed") return &options.seed;
    if (name == "--timeout-cycles") return &options.timeout_cycles;
    if (name == "--drain-cycles") return &options.drain_cycles;
    refuse("unknown option " + name);
}

inline void check_percent(const std::string& name, uint64_t percent) {
    if (percent < 1 || percent > 100) refuse(name + " is not between 1 and 100");
}

inline Options parse_arguments(int argc, char** argv) {
    if (argc < 3) refuse("usage: PROGRAM INPUTS OUTPUTS [--OPTION NUMBER]...");
    Options options;
    options.inputs = argv[1];
    options.outputs = argv[2];
    for (int i = 3; i < argc; i += 2) {
        uint64_t* const place = option(options, argv[i]);
        *place = parse_number(argv[i], i + 1 < argc ? argv[i + 1] : "");
    }
    check_percent("--ready-percent", options.ready_percent);
    check_percent("--valid-percent", options.valid_percent);
    if (options.reset_cycles == 0) refuse("--reset-cycles is not above 0");
    return options;
}

// False for what is no number, or has more digits than there is room for.
template <size_t Pieces>
bool parse_data(const std::string& digits, Data<Pieces>& data) {
    if (digits.size() > Pieces * kPieceDigits) return false;
    for (size_t i = 0; i < digits.size(); ++i) {
        const char digit = digits[digits.size() - 1 - i];
        if (!std::isxdigit(static_cast<unsigned char>(digit))) return false;
        const uint64_t number = std::stoul(std::string(1, digit), nullptr, 16);
        data[i / kPieceDigits] |= number << 4 * (i % kPieceDigits);
    }
    return true;
}

template <size_t Pieces>
std::vector<Beat<Pieces>> read_beats(const std::string& path, bool with_user) {
    std::ifstream file(path);
    if (!file) refuse("cannot read " + path);
    std::vector<Beat<Pieces>> beats;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        if (line.empty() || line.compare(0, 2, "//") == 0) continue;
        std::istringstream words(line);
        std::string digits;
        Beat<Pieces> beat;
        words >> digits >> beat.last;
        if (with_user) words >> beat.user;
        const bool whole =
            words && (words >> std::ws).eof() && parse_data<Pieces>(digits, beat.data);
        if (!whole) refuse(path + ":" + std::to_string(number) + ": not a beat: " + line);
        beats.push_back(beat);
    }
    // Comparing nothing would pass.
    if (beats.empty()) refuse(path + " holds no beat");
    return beats;
}

// The bits of as many bytes as some beat has. Ports may end there: what is beyond them must be zero.
template <size_t Pieces>
Data<Pieces> bytes_of(const std::vector<Beat<Pieces>>& beats) {
    Data<Pieces> mask{};
    for (const Beat<Pieces>& beat : beats)
        for (size_t i = 0; i < Pieces; ++i) mask[i] |= beat.data[i];
    bool below = false;
    for (size_t i = Pieces; i-- > 0;) {
        uint64_t bytes = below ? ~uint64_t{0} : 0;
        while (mask[i] & ~bytes) bytes = bytes << 8 | 0xff;
        below = below || bytes;
        mask[i] = bytes;
    }
    return mask;
}

// Where each packet begins, and the end of the last.
template <size_t Pieces>
std::vector<size_t> begins_of_packets(const std::vector<Beat<Pieces>>& beats) {
    std::vector<size_t> begins{0};
    for (size_t i = 0; i < beats.size(); ++i)
        if (beats[i].last) begins.push_back(i + 1);
    return begins;
}

template <size_t Pieces>
std::string json(const Data<Pieces>& data) {
    size_t high = Pieces - 1;
    while (high > 0 && !data[high]) --high;
    std::ostringstream text;
    text << std::hex << data[high] << std::setfill('0');
    while (high-- > 0) text << std::setw(kPieceDigits) << data[high];
    return text.str();
}

template <size_t Pieces>
std::string json(const Beat<Pieces>* beat) {
    if (!beat) return "null";
    std::ostringstream text;
    text << "{\"data\": \"" << json<Pieces>(beat->data) << "\", \"last\": " << beat->last
         << ", \"user\": " << beat->user << "}";
    return text.str();
}

// The design in a simulator. `Model` has:
//   kPieces                          those of the wider stream's data
//   explicit Model(uint64_t seed)    where the simulator can, registers start at random values
//   void reset(bool high)
//   void offer(const Data<kPieces>& data, bool last, bool valid)    the input stream: it `takes()` it or not
//   void ready(bool high)                               the output stream, which `gives()` a `beat()` or not
//   void settle()                    the logic follows its inputs
//   void tick()                      the clock rises, then falls: nothing looks at that edge
//   void finish()
template <class Model>
class Bench {
    using Beat = testbench::Beat<Model::kPieces>;
    using Data = testbench::Data<Model::kPieces>;

public:
    explicit Bench(const Options& options)
        : options_(options),
          inputs_(read_beats<Model::kPieces>(options.inputs, false)),
          outputs_(read_beats<Model::kPieces>(options.outputs, true)),
          bytes_(bytes_of(inputs_)),
          input_begins_(begins_of_packets(inputs_)),
          output_begins_(begins_of_packets(outputs_)),
          random_(options.seed),
          ready_percent_(options.ready_percent),
          valid_percent_(options.valid_percent),
          model_(options.seed) {
        if (options_.resets && input_begins_.size() != output_begins_.size())
            refuse("--resets needs an output packet for each input packet");
    }

    bool run() {
        reset(kFirstResetCycles);
        uint64_t countdown = up_to(options_.reset_cycles);
        while (unfinished() && !timeout_) {
            step();
            timeout_ = cycle_ - last_move_ >= options_.timeout_cycles;
            if (resets_ == options_.resets || --countdown || !unfinished()) continue;
            lose_all();
            countdown = up_to(options_.reset_cycles);
        }
        for (uint64_t i = 0; i < options_.drain_cycles && !timeout_; ++i) step();
        model_.finish();
        return mismatches_ == 0 && !timeout_;
    }

    void print() const {
        std::cout << "{\"beats_in\": " << taken_ << ", \"beats_out\": " << given_
                  << ", \"packets_out\": " << packets_ << ", \"mismatches\": " << mismatches_
                  << ", \"cycles_total\": " << last_output_
                  << ", \"first_mismatch\": " << first_mismatch_ << ", \"packet_cycles\": [";
        for (size_t i = 0; i < packet_cycles_.size(); ++i)
            std::cout << (i ? ", " : "") << packet_cycles_[i];
        std::cout << "], \"resets\": " << resets_ << ", \"first_packet\": " << first_packet_
                  << ", \"timeout\": " << (timeout_ ? "true" : "false") << "}\n";
    }

private:
    static constexpr int kFirstResetCycles = 4, kResetCycles = 3;
    static constexpr size_t kPacketCycles = 8;

    bool unfinished() const { return taken_ < inputs_.size() || given_ < outputs_.size(); }
    uint64_t up_to(uint64_t count) { return 1 + random_() % count; }
    bool chance(uint64_t percent) { return random_() % 100 < percent; }

    Data noise() {
        Data data{};
        for (size_t i = 0; i < Model::kPieces; ++i) data[i] = random_() & bytes_[i];
        return data;
    }

    void reset(uint64_t cycles) {
        model_.reset(true);
        for (uint64_t i = 0; i < cycles; ++i) {
            model_.offer(noise(), random_() & 1, random_() & 1);
            model_.ready(random_() & 1);
            model_.settle();
            model_.tick();
        }
        model_.reset(false);
    }

    // What is not answered to its last beat is to be sent again, and cycles count anew.
    void lose_all() {
        reset(up_to(kResetCycles));
        ++resets_;
        first_packet_ = packets_;
        taken_ = input_begins_[packets_];
        given_ = output_begins_[packets_];
        offered_ = waiting_ = false;
        cycle_ = last_move_ = last_output_ = 0;
        packet_cycles_.clear();
    }

    // One cycle: drive, let the logic settle, see who moves at the coming clock edge, then the edge.
    void step() {
        ++cycle_;
        if (options_.pace_cycles && random_() % options_.pace_cycles == 0) change_pace();
        drive_input();
        ready_ = chance(ready_percent_);
        model_.ready(ready_);
        model_.settle();
        watch_input();
        watch_output();
        model_.tick();
    }

    void change_pace() {
        ready_percent_ = options_.ready_percent + random_() % (101 - options_.ready_percent);
        valid_percent_ = options_.valid_percent + random_() % (101 - options_.valid_percent);
    }

    // Once offered, a beat stays as it is until it is taken.
    void drive_input() {
        offered_ = offered_ || (taken_ < inputs_.size() && chance(valid_percent_));
        if (offered_)
            model_.offer(inputs_[taken_].data, inputs_[taken_].last, true);
        else
            model_.offer(noise(), random_() & 1, false);
    }

    void watch_input() {
        if (!offered_ || !model_.takes()) return;
        offered_ = false;
        ++taken_;
        last_move_ = cycle_;
    }

    void watch_output() {
        const Beat beat = model_.beat();
        const bool valid = model_.gives();
        if (waiting_ && !(valid && beat == held_)) fail("unstable", &held_, valid ? &beat : nullptr);
        waiting_ = valid && !ready_;
        held_ = beat;
        if (valid && ready_) accept(beat);
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
    const Data bytes_;
    const std::vector<size_t> input_begins_, output_begins_;
    std::mt19937_64 random_;
    uint64_t ready_percent_, valid_percent_;
    Model model_;

    uint64_t cycle_ = 0, last_move_ = 0, last_output_ = 0;
    size_t taken_ = 0, given_ = 0;
    uint64_t packets_ = 0, mismatches_ = 0, resets_ = 0, first_packet_ = 0;
    std::vector<uint64_t> packet_cycles_;
    std::string first_mismatch_ = "null";
    bool offered_ = false, ready_ = false, waiting_ = false, timeout_ = false;
    Beat held_;
};

template <class Model>
int main(int argc, char** argv) {
    Bench<Model> bench(parse_arguments(argc, argv));
    const bool passed = bench.run();
    bench.print();
    return passed ? 0 : 1;
}

}  // namespace testbench

#endif
