// A template that doubles its arguments forty times. What ends it must be a limit of the compiler.
//
// verdict = "compile_error"
// says = "the compiler (used more than 1536 MiB of memory|took too long)"

template <class...> struct List {};

template <class, class> struct Join;
template <class... A, class... B> struct Join<List<A...>, List<B...>> { using type = List<A..., B...>; };

template <int N> struct Double {
    using half = typename Double<N - 1>::type;
    using type = typename Join<half, half>::type;
};
template <> struct Double<0> { using type = List<int>; };

int main() { Double<40>::type all; }
