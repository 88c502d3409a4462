// Sends packets of bytes through echo_bytes, with both streams stalling at random, and checks every byte.
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <random>
#include <vector>

#include "Vtop.h"

struct Byte {
    int data, last, user;
};

int main() {
    std::mt19937 random(7);
    std::deque<Byte> in, out;
    for (int packet = 0; packet < 200; ++packet) {
        int bytes = 1 + random() % 20;  // one that is no whole number of words is filled with zeros
        std::vector<int> word;
        for (int i = 0; i < bytes; ++i) {
            bool last = i + 1 == bytes;
            int data = random() % 256;
            in.push_back({data, last, 0});
            word.push_back(data);
            if (word.size() < 3 && !last) continue;
            word.resize(3);
            word.push_back(0xef);
            word.push_back(0xbe);
            for (int j = 0; j < 5; ++j) out.push_back({word[j], last && j == 4, word[0] & 1});
            word.clear();
        }
    }
    for (int percent : {100, 50, 10}) {
        auto to_send = in, expected = out;
        Vtop top;
        auto clock = [&] { top.clk = 0; top.eval(); top.clk = 1; top.eval(); };
        top.rst = 1;
        top.s_axis_tvalid = top.m_axis_tready = 0;
        clock();
        top.rst = 0;
        bool offered = false;
        for (long cycle = 0; !expected.empty(); ++cycle) {
            if (cycle > 1000000) return std::puts("stopped moving"), 1;
            if (!offered) offered = !to_send.empty() && int(random() % 100) < percent;
            top.s_axis_tvalid = offered;
            top.s_axis_tdata = offered ? to_send.front().data : random() % 256;
            top.s_axis_tlast = offered ? to_send.front().last : random() % 2;
            top.m_axis_tready = int(random() % 100) < percent;
            top.clk = 0;
            top.eval();
            bool sent = offered && top.s_axis_tready, taken = top.m_axis_tvalid && top.m_axis_tready;
            if (taken) {
                Byte want = expected.front();
                expected.pop_front();
                if (top.m_axis_tdata != want.data || top.m_axis_tlast != want.last || top.m_axis_tuser != want.user)
                    return std::printf("%d %% : a wrong byte\n", percent), 1;
            }
            top.clk = 1;
            top.eval();
            if (sent) to_send.pop_front(), offered = false;
        }
    }
    std::puts("passed");
}
