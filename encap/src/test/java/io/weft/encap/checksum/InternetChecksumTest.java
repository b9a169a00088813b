package io.weft.encap.checksum;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.Frames;
import io.weft.encap.Packets;
import io.weft.encap.memory.Memory;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InternetChecksumTest {
    /** Deltas near the carries and the two zeros, and some others. */
    private static final int[] DELTAS = deltas();

    private final Frames frames = new Frames(2);
    private final Random random = new Random(1071);

    @AfterEach
    void free() {
        frames.close();
    }

    private static int[] deltas() {
        int[] corners = {0, 1, 2, 0xFF, 0x100, 0x7FFF, 0x8000, 0x8001, 0xFEFF, 0xFF00, 0xFFFD, 0xFFFE, 0xFFFF};
        int[] all = new Random(5).ints(64, 0, 0x10000).toArray();
        System.arraycopy(corners, 0, all, 0, corners.length);
        return all;
    }

    @Test
    void sumOfTheExampleInRfc1071() {
        long at = frames.putAtEnd("0001 f203 f4f5 f6f7");
        assertEquals(0xDDF2, InternetChecksum.fold(InternetChecksum.sum(at, 8)));
    }

    @Test
    void updateOfTheExampleInRfc1624() {
        assertEquals(0x0000, InternetChecksum.update(0xDD2F, InternetChecksum.delta16(0x5555, 0x3285)));
    }

    @Test
    void checksumOfAKnownHeader() {
        long at = frames.putAtEnd("4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7");
        assertEquals(0, InternetChecksum.ipv4Header(at, 20));
        assertTrue(InternetChecksum.isValidIpv4HeaderWithoutOptions(at));
        Memory.putU16(at + 10, 0);
        assertEquals(0xB861, InternetChecksum.ipv4Header(at, 20));
    }

    @Test
    void sumAgreesWithTheBytewiseOneAtEveryLengthAndAlignment() {
        for (int length = 0; length < 300; length++) {
            for (int gap = 0; gap < 9; gap++) {
                long at = frames.atEnd(length + gap);
                fillRandomly(at, length);
                assertEquals(Packets.sum(at, length, 0), InternetChecksum.fold(InternetChecksum.sum(at, length)));
            }
        }
    }

    @Test
    void sumOfAllOnesDoesNotOverflow() {
        for (int i = 0; i < 8192; i++) {
            Memory.putU8(frames.at() + i, 0xFF);
        }
        for (int length = 1; length < 8192; length += 61) {
            assertEquals(Packets.sum(frames.at(), length, 0),
                InternetChecksum.fold(InternetChecksum.sum(frames.at(), length)));
        }
    }

    @Test
    void foldKeepsTheValueModulo0xFFFFAndNeverLosesANonZero() {
        for (int i = 0; i < 1_000_000; i++) {
            long sum = random.nextLong() >>> random.nextInt(1, 64);
            int folded = InternetChecksum.fold(sum);
            assertTrue(folded >= 0 && folded <= 0xFFFF);
            assertEquals(sum % 0xFFFF, folded % 0xFFFF);
            assertEquals(sum == 0, folded == 0);
        }
    }

    @Test
    void l4ChecksumAgreesWithTheBytewiseOne() {
        for (int length = 8; length < 200; length++) {
            long at = frames.atEnd(20 + length);
            Packets.write(random, at, 17, length - 8);
            assertEquals(0, Packets.l4Checksum(at));
            assertEquals(0, InternetChecksum.l4(at, at + 20, length));
            Memory.putU16(at + 26, 0);
            assertEquals(Packets.l4Checksum(at), InternetChecksum.l4(at, at + 20, length));
        }
    }

    @Test
    void bothPseudoHeadersAreTheSame() {
        long at = frames.atEnd(60);
        Packets.write(random, at, 6, 20);
        long sum = InternetChecksum.pseudoHeader4(Memory.i32(at + 12), Memory.i32(at + 16), 6, 40);
        assertEquals(InternetChecksum.fold(sum), InternetChecksum.fold(InternetChecksum.pseudoHeader4(at, 40)));
        assertEquals(Packets.pseudoHeaderSum(at), InternetChecksum.fold(sum));
    }

    @Test
    void deltasFormACommutativeGroupWithTwoZeroes() {
        for (int a = 0; a <= 0xFFFF; a++) {
            for (int b : DELTAS) {
                int sum = InternetChecksum.addDelta(a, b);
                assertTrue(sum >= 0 && sum <= 0xFFFF);
                assertEquals((a + b) % 0xFFFF, sum % 0xFFFF);
                assertEquals(sum, InternetChecksum.addDelta(b, a));
                assertEquals(a % 0xFFFF, InternetChecksum.addDelta(sum, ~b & 0xFFFF) % 0xFFFF);
                int c = DELTAS[a % DELTAS.length];
                assertEquals(InternetChecksum.addDelta(sum, c),
                    InternetChecksum.addDelta(a, InternetChecksum.addDelta(b, c)));
            }
        }
    }

    @Test
    void everyReplacementOfA16BitWordHasTheRightDelta() {
        for (int old = 0; old <= 0xFFFF; old++) {
            for (int fresh : DELTAS) {
                int delta = InternetChecksum.delta16(old, fresh);
                assertEquals((0xFFFF - old + fresh) % 0xFFFF, delta % 0xFFFF);
                assertTrue(delta >= 0 && delta <= 0xFFFF);
            }
        }
    }

    @Test
    void widerDeltasAreTheSumOfNarrowOnes() {
        for (int i = 0; i < 200_000; i++) {
            long old = corner();
            long fresh = corner();
            int delta32 = InternetChecksum.addDelta(InternetChecksum.delta16((int) (old >>> 16), (int) (fresh >>> 16)),
                InternetChecksum.delta16((int) old, (int) fresh));
            assertEquals(delta32 % 0xFFFF, InternetChecksum.delta32((int) old, (int) fresh) % 0xFFFF);
            int delta64 = InternetChecksum.addDelta(InternetChecksum.delta32((int) (old >>> 32), (int) (fresh >>> 32)),
                delta32);
            assertEquals(delta64 % 0xFFFF, InternetChecksum.delta64(old, fresh) % 0xFFFF);
        }
    }

    private long corner() {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextLong();
            case 1 -> -1L;
            case 2 -> 0L;
            default -> 0xFFFFL << random.nextInt(49);
        };
    }

    /**
     * A message is a word w, a rest with sum r, and the checksum. For every r, replacing w and updating the checksum gives exactly the
     * checksum that a full computation gives, as long as the message is not all zeros. (IP headers have a version, pseudo-headers a
     * protocol.)
     */
    @Test
    void updateOfARightChecksumIsTheFullComputationInBits() {
        for (int rest = 1; rest <= 0xFFFF; rest++) {
            for (int word : DELTAS) {
                int fresh = DELTAS[(rest + word) % DELTAS.length];
                int before = ~InternetChecksum.fold((long) rest + word) & 0xFFFF;
                int after = ~InternetChecksum.fold((long) rest + fresh) & 0xFFFF;
                assertEquals(after, InternetChecksum.update(before, InternetChecksum.delta16(word, fresh)));
            }
        }
    }

    @Test
    void updateOfAWrongChecksumIsWrongByTheSame() {
        for (int checksum = 0; checksum <= 0xFFFF; checksum++) {
            for (int delta : DELTAS) {
                int right = random.nextInt(0xFFFF);
                int rightAfter = InternetChecksum.update(right, delta);
                int after = InternetChecksum.update(checksum, delta);
                assertEquals(Math.floorMod(checksum - right, 0xFFFF), Math.floorMod(after - rightAfter, 0xFFFF));
            }
        }
    }

    @Test
    void noChangeLeavesEveryCanonicalChecksumAlone() {
        for (int checksum = 0; checksum < 0xFFFF; checksum++) {
            assertEquals(checksum, InternetChecksum.update(checksum, 0));
            assertEquals(checksum, InternetChecksum.update(checksum, 0xFFFF));
        }
        assertEquals(0xFFFF, InternetChecksum.update(0xFFFF, 0));
        assertEquals(0, InternetChecksum.update(0xFFFF, 0xFFFF));
    }

    @Test
    void udpNeverSendsZero() {
        assertEquals(0xFFFF, InternetChecksum.udpValue(0));
        assertEquals(1, InternetChecksum.udpValue(1));
        assertNotEquals(0, InternetChecksum.udpValue(0xFFFF));
    }

    private void fillRandomly(long at, int length) {
        for (int i = 0; i < length; i++) {
            Memory.putU8(at + i, random.nextInt(256));
        }
    }
}
