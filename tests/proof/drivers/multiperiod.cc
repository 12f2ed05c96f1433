#include "multiperiod/multiperiod.cu"

#include "driver.h"

struct Shape {
    Index n_plans, n_blocks, n;
};

// Covariances of noise and a common factor, in units of about 1; every fourth plan has one that is not finite.
static Array curvatures(Random& random, const Shape& shape) {
    const Index n = shape.n, n_matrices = shape.n_plans * shape.n_blocks;
    Array drawn(n_matrices * n * n);
    for (Index k = 0; k < n_matrices; ++k) {
        const Array loadings = random.uniforms(n, 0.2, 0.8);
        for (Index i = 0; i < n; ++i) {
            for (Index j = 0; j < n; ++j) drawn[(k * n + i) * n + j] = loadings[i] * loadings[j] + (i == j ? 0.3 : 0.0);
        }
    }
    for (Index plan = 3; plan < shape.n_plans; plan += 4) drawn[plan * shape.n_blocks * n * n] = MISSING;
    return drawn;
}

CASE(plan_weights) {
    Random random{17};
    for (const Shape& shape : {Shape{5, 1, 1}, Shape{4, 3, 2}, Shape{6, 2, 9}, Shape{2, 5, 17}}) {
        const Index each = shape.n_blocks * shape.n;
        const Array curvature = curvatures(random, shape);
        const Array slope = random.uniforms(shape.n_plans * each, -0.5, 0.5);
        const Array start(shape.n_plans * shape.n, 1.0 / (double)shape.n);
        for (const double cost : {0.0, 0.05}) {
            for (const double reach : {1.0, INFINITE}) {
                const Array lower(shape.n_plans * shape.n, reach == 1.0 ? 0.0 : -reach), upper(shape.n_plans * shape.n, reach);
                Array terms;
                for (Index k = 0; k < shape.n_plans; ++k) terms.insert(terms.end(), {cost, 1.0});
                const Index n_spaces = shape.n_plans > 3 ? 3 : shape.n_plans;
                Array working = space(n_spaces * space(shape.n_blocks, shape.n));
                Array weights = space(shape.n_plans * each), residuals = space(shape.n_plans);
                on(n_spaces, plan_weights)(shape.n_plans, n_spaces, shape.n_blocks, shape.n, curvature.data(), slope.data(), lower.data(),
                             upper.data(), start.data(), terms.data(), working.data(), weights.data(), residuals.data(),
                             threads);
                for (double& residual : residuals) residual = residual <= TOLERANCE ? 0.0 : residual;
                print("weights", weights, 1e-9);
                print("residuals", residuals);
            }
        }
    }
}
