package io.weft.nativebindings.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.support.ModuleClasses;
import io.weft.nativebindings.support.Requirements;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compares every constant of this package that has a kernel name with this machine's headers. A C program generated from the names prints
 * the values: SIZEOF_RTMSG is a size, RTM_TYPE_OFFSET an offset, all others are constants.
 */
class NetlinkAbiTest {
    private static final List<String> HEADERS = List.of("stddef.h", "stdio.h", "sched.h", "sys/file.h", "sys/mount.h",
        "sys/socket.h", "linux/if.h", "linux/netlink.h", "linux/genetlink.h", "linux/rtnetlink.h", "linux/if_link.h",
        "linux/if_addr.h", "linux/neighbour.h", "linux/fib_rules.h",
        "fcntl.h", "linux/magic.h", "linux/nsfs.h", "linux/veth.h", "linux/ethtool_netlink.h",
        "netinet/tcp.h", "linux/sock_diag.h", "linux/inet_diag.h");

    /** The struct of a field, by the field's prefix. */
    private static final Map<String, String> STRUCTS = Map.of("nlmsg", "nlmsghdr", "nl", "sockaddr_nl", "ifi",
        "ifinfomsg", "ifa", "ifaddrmsg", "rtm", "rtmsg", "rtnh", "rtnexthop", "ndm", "ndmsg");

    @Test
    void everyConstantEqualsTheKernels(@TempDir Path directory) throws IOException {
        Requirements.tool("gcc");
        Map<String, Integer> ours = ours();
        assertTrue(ours.size() > 150, ours.toString());
        Path source = Files.writeString(directory.resolve("probe.c"), program(ours));
        Path program = directory.resolve("probe");
        Requirements.run(ExternalCommand.of("gcc", "-D_GNU_SOURCE", "-o", program.toString(), source.toString()));
        Map<String, Integer> theirs = new TreeMap<>();
        Requirements.run(ExternalCommand.file(program))
            .lines()
            .map(line -> line.split(" ", 2))
            .forEach(line -> theirs.put(line[0], Integer.valueOf(line[1])));
        ours.forEach((name, number) -> assertEquals(theirs.get(name), number, name));
    }

    private static Map<String, Integer> ours() {
        Map<String, Integer> numbers = new TreeMap<>();
        ModuleClasses.inPackageOf(NetlinkAbi.class).stream()
            .flatMap(each -> Arrays.stream(each.getDeclaredFields()))
            .filter(field -> Modifier.isStatic(field.getModifiers()) && !Modifier.isPrivate(field.getModifiers()))
            .filter(field -> field.getType() == int.class)
            .forEach(field -> numbers.put(field.getName(), value(field)));
        return numbers;
    }

    private static int value(Field field) {
        try {
            return field.getInt(null);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    private static String program(Map<String, Integer> numbers) {
        String includes = HEADERS.stream().map(header -> "#include <" + header + ">\n").collect(Collectors.joining());
        String prints = numbers.keySet()
            .stream()
            .map(name -> "  printf(\"" + name + " %d\\n\", (int) (" + expression(name) + "));\n")
            .collect(Collectors.joining());
        return includes + "int main(void) {\n" + prints + "  return 0;\n}\n";
    }

    private static String expression(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (name.startsWith("SIZEOF_")) { return "sizeof(struct " + lower.substring("sizeof_".length()) + ")"; }
        if (name.endsWith("_OFFSET")) {
            String field = lower.substring(0, lower.length() - "_offset".length());
            String struct = STRUCTS.get(field.substring(0, field.indexOf('_')));
            return "offsetof(struct " + struct + ", " + field + ")";
        }
        return name;
    }
}
