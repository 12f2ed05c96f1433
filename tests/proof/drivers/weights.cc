#include "weights/weights.cu"

#include "driver.h"

struct Shape {
    Index n_problems, n;
};

// Covariances of few factors and of noise of their own; of every five problems one is asymmetric and one singular.
static Array covariances(Random& random, const Shape& shape) {
    const Index n = shape.n, n_factors = 3;
    Array drawn(shape.n_problems * n * n);
    for (Index item = 0; item < shape.n_problems; ++item) {
        double* matrix = drawn.data() + item * n * n;
        const Array loadings = random.uniforms(n * n_factors, -0.01, 0.02);
        for (Index i = 0; i < n; ++i) {
            for (Index j = 0; j < n; ++j) {
                double sum = 0.0;
                for (Index f = 0; f < n_factors; ++f) sum += loadings[i * n_factors + f] * loadings[j * n_factors + f];
                matrix[i * n + j] = sum;
            }
        }
        const double own = random.uniform(1e-5, 1e-4);
        for (Index i = 0; i < n && item % 5 != 4; ++i) matrix[i * n + i] += own * (double)(1 + i % 3);
        if (item % 5 == 3 && n > 1) matrix[1] += 1.0;
    }
    return drawn;
}

CASE(optimal_weights) {
    Random random{13};
    for (const Shape& shape : {Shape{5, 1}, Shape{6, 3}, Shape{2, 4}, Shape{6, 17}, Shape{3, 33}, Shape{2, 50}}) {
        const Array matrices = covariances(random, shape);
        const Array means = random.uniforms(shape.n_problems * shape.n, -1e-3, 2e-3);
        for (const double sum : {1.0, 0.0}) {
            for (const Index long_only : {Index{0}, Index{1}}) {
                if (long_only && sum == 0.0) continue;
                const Array along(shape.n_problems * shape.n, sum);
                const Index n_spaces = shape.n_problems > 4 ? 4 : shape.n_problems;
                Array working = space(n_spaces * space_of(shape.n));
                Array weights = space(shape.n_problems * shape.n), figures = space(shape.n_problems * FIGURES);
                on(n_spaces, optimal_weights)(shape.n_problems, n_spaces, shape.n, long_only, matrices.data(), means.data(),
                                along.data(), working.data(), weights.data(), figures.data(), threads);
                print("weights", weights, 1e-9);
            }
        }
    }
}
