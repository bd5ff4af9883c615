// Package valuetext writes values as text, so that tests can compare what pointers point at.
package valuetext

import (
	"fmt"
	"reflect"
	"time"
)

// Of returns a value as text in which pointers are followed. A pointer to something with a mean is
// that mean: two distributions of one kind and parameters are equal and not identical.
func Of(v any) string { return fmt.Sprintf("%+v", followed(reflect.ValueOf(v))) }

func followed(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		if d, ok := v.Interface().(interface{ Mean() time.Duration }); ok {
			return d.Mean()
		}
		return followed(v.Elem())
	case reflect.Slice:
		all := make([]any, v.Len())
		for i := range all {
			all[i] = followed(v.Index(i))
		}
		return all
	case reflect.Struct:
		all := make([]any, v.NumField())
		for i := range all {
			all[i] = fmt.Sprintf("%s: %v", v.Type().Field(i).Name, followed(v.Field(i)))
		}
		return all
	default:
		return v.Interface()
	}
}
