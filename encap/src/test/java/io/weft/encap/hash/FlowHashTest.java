package io.weft.encap.hash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * Quality of the hash on realistic keys: few distinct addresses, consecutive ports. All inputs are fixed, so the result is deterministic.
 */
class FlowHashTest {
    private static final int KEYS = 1 << 18;
    private static final int BUCKETS = 1 << 10;

    private interface Keys {
        long k0(int i);

        long k1(int i);
    }

    private static long key1(int sourcePort, int destinationPort) {
        return (long) sourcePort << 48 | (long) destinationPort << 32 | 6 << 24;
    }

    private static Keys sequentialPorts() {
        return keys(i -> 0x0AF40105 + (i >>> 16), i -> i & 0xFFFF);
    }

    private static Keys sequentialAddresses() {
        return keys(i -> 0x0AF40000 + i, i -> 40000);
    }

    private static Keys bothStrided() {
        return keys(i -> 0x0AF40000 + (i >>> 9 << 8), i -> (i & 0x1FF) << 7);
    }

    private static Keys keys(IntUnaryOperator source, IntUnaryOperator port) {
        return new Keys() {
            @Override
            public long k0(int i) {
                return (long) source.applyAsInt(i) << 32 | 0x0A600001L;
            }

            @Override
            public long k1(int i) {
                return key1(port.applyAsInt(i), 80);
            }
        };
    }

    @Test
    void spreadsEvenlyOverBucketsTakenFromAnyBits() {
        for (Keys keys : new Keys[]{sequentialPorts(), sequentialAddresses(), bothStrided()}) {
            for (int shift = 0; shift <= 22; shift += 11) {
                int bits = shift;
                assertEven(keys, hash -> hash >>> bits & BUCKETS - 1, BUCKETS);
            }
            assertEven(keys, hash -> Integer.remainderUnsigned(hash, 1009), 1009);
            assertEven(keys, hash -> (int) (Integer.toUnsignedLong(hash) * 1000 >>> 32), 1000);
        }
    }

    /** Chi-square has mean n - 1 and standard deviation sqrt(2 n); five standard deviations either way are not chance. */
    private static void assertEven(Keys keys, IntUnaryOperator bucket, int buckets) {
        int[] count = new int[buckets];
        for (int i = 0; i < KEYS; i++) {
            count[bucket.applyAsInt(FlowHash.hash(keys.k0(i), keys.k1(i)))]++;
        }
        double expected = (double) KEYS / buckets;
        double chiSquare = 0;
        for (int n : count) {
            chiSquare += (n - expected) * (n - expected) / expected;
        }
        double limit = 5 * Math.sqrt(2.0 * buckets);
        assertTrue(Math.abs(chiSquare - (buckets - 1)) < limit,
            "chi-square " + chiSquare + " over " + buckets + " buckets");
    }

    @Test
    void collidesNoMoreThanChance() {
        for (Keys keys : new Keys[]{sequentialPorts(), sequentialAddresses(), bothStrided()}) {
            int[] hashes = new int[KEYS];
            for (int i = 0; i < KEYS; i++) {
                hashes[i] = FlowHash.hash(keys.k0(i), keys.k1(i));
            }
            long distinct = java.util.Arrays.stream(hashes).distinct().count();
            // Expected by chance: KEYS^2 / 2^33 = 8.
            assertTrue(KEYS - distinct < 30, "collisions: " + (KEYS - distinct));
        }
    }

    @Test
    void everyInputBitFlipsEveryOutputBitHalfOfTheTime() {
        int rounds = 4096;
        Random random = new Random(7348);
        int[][] flips = new int[128][32];
        for (int round = 0; round < rounds; round++) {
            long k0 = (long) (0x0AF40000 | random.nextInt(1 << 16)) << 32 | 0x0A600000 | random.nextInt(256);
            long k1 = key1(random.nextInt(1 << 16), random.nextInt(4) * 443);
            countFlips(k0, k1, flips);
        }
        for (int in = 0; in < 128; in++) {
            for (int out = 0; out < 32; out++) {
                double share = (double) flips[in][out] / rounds;
                assertTrue(share > 0.44 && share < 0.56,
                    "input bit " + in + " flips output bit " + out + " in " + share);
            }
        }
    }

    private static void countFlips(long k0, long k1, int[][] flips) {
        int hash = FlowHash.hash(k0, k1);
        for (int in = 0; in < 128; in++) {
            long bit = 1L << (in & 63);
            int changed = hash ^ (in < 64 ? FlowHash.hash(k0 ^ bit, k1) : FlowHash.hash(k0, k1 ^ bit));
            for (int out = 0; out < 32; out++) {
                flips[in][out] += changed >>> out & 1;
            }
        }
    }

    @Test
    void directionsDiffer() {
        int same = 0;
        for (int port = 1; port < 10_000; port++) {
            int forward = FlowHash.hash(0x0AF40105_0AF40206L, key1(port, 80));
            same += forward == FlowHash.hash(0x0AF40206_0AF40105L, key1(80, port)) ? 1 : 0;
        }
        assertEquals(0, same);
    }
}
