package io.weft.vmlab;

import java.util.Comparator;
import org.junit.jupiter.api.ClassDescriptor;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.ClassOrdererContext;
import org.junit.jupiter.api.Order;

/**
 * Runs the tests in Kubernetes after all others: its programs may still be building, and their cluster is up no longer than it is used. Those of Kubernetes'
 * own tests come last of all, because they need a program more.
 */
public final class KubernetesLast implements ClassOrderer {
    @Override
    public void orderClasses(ClassOrdererContext context) {
        context.getClassDescriptors().sort(Comparator.comparingInt(KubernetesLast::rank)
            .thenComparingInt(
                descriptor -> descriptor.findAnnotation(Order.class).map(Order::value).orElse(Order.DEFAULT))
            .thenComparing(descriptor -> descriptor.getTestClass().getName()));
    }

    private static int rank(ClassDescriptor descriptor) {
        Class<?> test = descriptor.getTestClass();
        if (test == KubernetesConformanceIT.class) { return 2; }
        return test.getSimpleName().startsWith("Kubernetes") ? 1 : 0;
    }
}
