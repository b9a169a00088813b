package io.weft.perf.micro;

/**
 * The order of frames, as their words: uniformly at random (4,194,304 computed in advance, with the generator and seed of the C reference),
 * or round robin. It is read sequentially, so it costs no cache miss.
 */
final class FlowOrder {
    private static final int RANDOM_LENGTH = 1 << 22;
    private static final int SEED = 12_345;

    private final int[] words;
    private int next;

    private FlowOrder(int[] words) {
        this.words = words;
    }

    /** @param worker each has another order; 0 has that of the reference */
    static FlowOrder random(int[] flows, int worker) {
        int[] words = new int[RANDOM_LENGTH];
        int x = SEED + worker;
        for (int i = 0; i < words.length; i++) {
            x ^= x << 13;
            x ^= x >>> 17;
            x ^= x << 5;
            words[i] = flows[Integer.remainderUnsigned(x, flows.length)];
        }
        return new FlowOrder(words);
    }

    static FlowOrder roundRobin(int[] flows) {
        return new FlowOrder(flows);
    }

    int next() {
        int word = words[next];
        next = next + 1 == words.length ? 0 : next + 1;
        return word;
    }

    /** The word that {@link #next} returned {@code n} calls ago; 1 is the last. */
    int before(int n) {
        return words[Math.floorMod(next - n, words.length)];
    }

    void restart() {
        next = 0;
    }
}
