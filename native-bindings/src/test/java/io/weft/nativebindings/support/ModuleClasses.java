package io.weft.nativebindings.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The compiled classes of a package of this module, nested ones included, whatever their access. */
public final class ModuleClasses {
    private ModuleClasses() {}

    /** All classes in the package of {@code member}, a class of {@code src/main}. */
    public static List<Class<?>> inPackageOf(Class<?> member) {
        String packageName = member.getPackageName();
        try {
            Path root = Path.of(member.getProtectionDomain().getCodeSource().getLocation().toURI());
            try (var files = Files.list(root.resolve(packageName.replace('.', '/')))) {
                return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".class") && !name.equals("package-info.class"))
                    .sorted()
                    .<Class<?>>map(name -> load(packageName + "." + name.substring(0, name.lastIndexOf('.'))))
                    .toList();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
