package io.weft.nativebindings.linux;

import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A kernel's version: its first two numbers. */
public record KernelVersion(int major, int minor) implements Comparable<KernelVersion> {
    private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*");

    /** The running kernel's. */
    public static KernelVersion current() {
        return parse(Sysctl.read("kernel/osrelease"));
    }

    /** From a release as {@code uname -r} prints it: {@code 6.1.0-18-amd64}. */
    public static KernelVersion parse(String release) {
        Matcher matcher = RELEASE.matcher(release);
        if (!matcher.matches()) { throw new IllegalArgumentException("not a kernel release: " + release); }
        return new KernelVersion(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    public boolean isAtLeast(int otherMajor, int otherMinor) {
        return compareTo(new KernelVersion(otherMajor, otherMinor)) >= 0;
    }

    @Override
    public int compareTo(KernelVersion other) {
        return Comparator.comparingInt(KernelVersion::major).thenComparingInt(KernelVersion::minor)
            .compare(this, other);
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
