package io.weft.nativebindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.support.ModuleClasses;
import io.weft.nativebindings.support.Requirements;
import io.weft.nativebindings.xdp.XskSocket;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compares every constant of the packages linux, xdp and bpf with this machine's headers. Reflection finds the constants, so a new one
 * without a line in {@code src/test/c/abi_probe.c} fails here. The netlink package has its own test.
 */
class AbiProbeTest {
    private static final Path SOURCE = Path.of("src/test/c/abi_probe.c");

    @Test
    void everyConstantEqualsTheKernels(@TempDir Path directory) throws IllegalAccessException {
        Requirements.tool("gcc");
        Path program = directory.resolve("probe");
        Requirements.run(ExternalCommand.of("gcc", "-Wall", "-Werror", "-o", program.toString(), SOURCE.toString()));
        Map<String, String> theirs = new TreeMap<>();
        Requirements.run(ExternalCommand.file(program)).lines().map(line -> line.split(" ", 2))
            .forEach(line -> assertEquals(null, theirs.put(line[0], line[1]), "twice: " + line[0]));
        Map<String, Long> ours = ours();
        assertEquals(Set.of(), difference(ours.keySet(), theirs.keySet()), "numbers without a line in abi_probe.c");
        assertEquals(Set.of(), difference(theirs.keySet(), ours.keySet()), "lines of abi_probe.c without a number");
        List<String> absent = ours.keySet().stream().filter(name -> theirs.get(name).equals("absent")).toList();
        if (!absent.isEmpty()) { System.out.println("this machine's headers are older and lack " + absent); }
        ours.forEach((name, number) -> {
            if (!absent.contains(name) && !theirs.get(name).equals("ours")) {
                assertEquals(theirs.get(name), number.toString(), name);
            }
        });
    }

    @Test
    void everyErrorNumberHasItsNameAndASentence() throws IllegalAccessException {
        for (Field field : Errno.class.getFields()) {
            int errno = field.getInt(null);
            assertEquals(field.getName(), Errno.name(errno));
            assertTrue(!Errno.describe(errno).startsWith("error number"), field.getName());
        }
        assertEquals("errno 9999", Errno.name(9999));
        assertEquals("error number 9999", Errno.describe(9999));
    }

    private static Map<String, Long> ours() throws IllegalAccessException {
        Map<String, Long> numbers = new TreeMap<>();
        List<Class<?>> classes = Stream.of(Errno.class, XskSocket.class, BpfMap.class)
            .flatMap(member -> ModuleClasses.inPackageOf(member).stream())
            .toList();
        for (Class<?> each : classes) {
            addConstants(each, numbers);
            addEnumNumbers(each, numbers);
        }
        return numbers;
    }

    private static void addConstants(Class<?> owner, Map<String, Long> numbers) throws IllegalAccessException {
        for (Field field : owner.getDeclaredFields()) {
            int modifiers = field.getModifiers();
            boolean number = field.getType() == int.class || field.getType() == long.class;
            if (number && Modifier.isStatic(modifiers) && Modifier.isFinal(modifiers)
                && !field.isSynthetic() && !field.getName().equals("serialVersionUID")) {
                field.setAccessible(true);
                numbers.put(name(owner, field.getName()), ((Number) field.get(null)).longValue());
            }
        }
    }

    /** The first int field of an enum's constants is their number in the kernel. */
    private static void addEnumNumbers(Class<?> owner, Map<String, Long> numbers) throws IllegalAccessException {
        if (!owner.isEnum()) { return; }
        Field number = Stream.of(owner.getDeclaredFields())
            .filter(field -> field.getType() == int.class && !Modifier.isStatic(field.getModifiers()))
            .findFirst()
            .orElseThrow(() -> new AssertionError(owner + " has no numbers"));
        number.setAccessible(true);
        for (Object constant : owner.getEnumConstants()) {
            numbers.put(name(owner, ((Enum<?>) constant).name()), (long) number.getInt(constant));
        }
    }

    private static String name(Class<?> owner, String constant) {
        return owner.getName().substring(owner.getPackageName().length() + 1) + "." + constant;
    }

    private static Set<String> difference(Set<String> all, Set<String> without) {
        Set<String> rest = new TreeSet<>(all);
        rest.removeAll(without);
        return rest;
    }
}
