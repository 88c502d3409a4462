// Runs {{name}} on packets and compares every beat that it answers.
//
//   testbench INPUTS OUTPUTS
//
// INPUTS holds a beat a line, `HEXDATA LAST`; OUTPUTS the beats to expect, `HEXDATA LAST USER`. Lines
// that begin with `//` are comments. The result is one line of JSON; exit status 0 if all is as
// expected, 1 if not, 2 for files that cannot be read.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "{{name}}.h"

namespace {

struct Vector {
    uint64_t data = 0;
    bool last = false;
    bool user = false;
    bool operator==(const Vector& other) const {
        return data == other.data && last == other.last && user == other.user;
    }
};

[[noreturn]] void refuse(const std::string& reason) {
    std::cerr << "testbench: " << reason << "\n";
    std::exit(2);
}

std::vector<Vector> read_vectors(const std::string& path, bool with_user) {
    std::ifstream file(path);
    if (!file) refuse("cannot read " + path);
    std::vector<Vector> vectors;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        if (line.empty() || line.compare(0, 2, "//") == 0) continue;
        std::istringstream words(line);
        Vector vector;
        words >> std::hex >> vector.data >> vector.last;
        if (with_user) words >> vector.user;
        const bool whole = words && (words >> std::ws).eof();
        if (!whole) refuse(path + ":" + std::to_string(number) + ": not a beat: " + line);
        vectors.push_back(vector);
    }
    // Comparing nothing would pass, and half a packet would be waited for.
    if (vectors.empty()) refuse(path + " holds no beat");
    if (!vectors.back().last) refuse(path + " ends inside a packet");
    return vectors;
}

std::string json(const Vector* vector) {
    if (!vector) return "null";
    std::ostringstream text;
    text << "{\"data\": \"" << std::hex << vector->data << "\", \"last\": " << vector->last
         << ", \"user\": " << vector->user << "}";
    return text.str();
}

class Comparison {
public:
    explicit Comparison(const std::vector<Vector>& expected) : expected_(expected) {}

    // A packet went in, and these beats came out.
    void take(hls::stream<{{name}}_output>& output) {
        while (!output.empty()) {
            const {{name}}_output beat = output.read();
            const Vector got{beat.data.to_uint64(), beat.last != 0, beat.user != 0};
            const Vector* const wanted = compared_ < expected_.size() ? &expected_[compared_] : nullptr;
            if (!wanted || !(got == *wanted)) fail(wanted, &got);
            ++compared_;
        }
        ++sequences_;
    }

    void unread() { fail(nullptr, nullptr); }

    bool finish() {
        for (; compared_ < expected_.size(); ++compared_) fail(&expected_[compared_], nullptr);
        std::cout << "{\"sequences\": " << sequences_ << ", \"values_compared\": " << compared_
                  << ", \"mismatches\": " << mismatches_ << ", \"first_mismatch\": " << first_mismatch_
                  << "}\n";
        return mismatches_ == 0;
    }

private:
    void fail(const Vector* wanted, const Vector* got) {
        if (mismatches_++) return;
        std::ostringstream text;
        text << "{\"sequence\": " << sequences_ << ", \"beat\": " << compared_
             << ", \"expected\": " << json(wanted) << ", \"got\": " << json(got) << "}";
        first_mismatch_ = text.str();
    }

    const std::vector<Vector>& expected_;
    size_t compared_ = 0, sequences_ = 0, mismatches_ = 0;
    std::string first_mismatch_ = "null";
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) refuse("usage: testbench INPUTS OUTPUTS");
    const std::vector<Vector> inputs = read_vectors(argv[1], false);
    const std::vector<Vector> outputs = read_vectors(argv[2], true);
    Comparison comparison(outputs);
    hls::stream<{{name}}_input> input;
    hls::stream<{{name}}_output> output;
    for (const Vector& vector : inputs) {
        {{name}}_input beat;
        beat.data = vector.data;
        beat.keep = -1;
        beat.strb = -1;
        beat.last = vector.last;
        input.write(beat);
        if (!vector.last) continue;
        {{name}}(input, output);
        comparison.take(output);
        // What it leaves of a packet would be taken for the start of the next.
        if (!input.empty()) comparison.unread();
        while (!input.empty()) input.read();
    }
    return comparison.finish() ? 0 : 1;
}
